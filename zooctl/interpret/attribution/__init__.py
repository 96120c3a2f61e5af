"""Attribution: the importance of each base of a window for a prediction of it.

``attribute.attribute`` takes windows as arrays, ``regions`` takes places of a genome, ``files``
writes what others read.
"""
