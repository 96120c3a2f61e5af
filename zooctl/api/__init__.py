"""The Python interface: models of the zoo as objects that predict, score and are evaluated.

``import zooctl`` offers ``models``, ``load``, ``reproduce`` and ``Model``, and the records of their
results. Each is the library call of a command, so results are the command's. Nothing is printed,
and errors are ``ZooError``s.
"""
