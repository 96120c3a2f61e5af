"""Requests to the Hugging Face hub: list a commit, download a file, push a commit.

All ``HF_*`` variables hold: huggingface_hub is imported after a command has set those that its
flags mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token, hf_hub_download

from zooctl import __version__
from zooctl.catalog.hub.client_limits import attempt
from zooctl.catalog.hub.endpoint import endpoint, why_withheld
from zooctl.errors import InputError, UnsafeError
from zooctl.schema.card_weights import Hub

_LIBRARY = "zooctl"
_PUSH_TIMEOUT = 10


def listing(place: Hub) -> dict[str, int | None]:
    """Return path to size of the files at a commit.

    Raises:
        NetworkError: The hub refuses the repository or the commit, or cannot be reached.
        UnsafeError: The repository has been renamed, so that anybody may take its old name.
    """
    info = attempt(place.repo, place.revision, lambda: _api().model_info(
        place.repo, revision=place.revision, files_metadata=True,
        timeout=constants.HF_HUB_ETAG_TIMEOUT,
    ))  # fmt: skip
    if info.id != place.repo:
        raise UnsafeError(
            "the hub leads to another repository",
            got=info.id,
            expected=place.repo,
            hint="it was renamed, or somebody took its name; ask for one that is pinned by it",
        )
    if info.sha != place.revision:
        raise UnsafeError("the hub answers with another commit", got=info.sha, expected=place)
    return {one.rfilename: one.size for one in info.siblings or ()}


def storage(place: Hub) -> Path:
    """Return the folder of the client's cache that holds a repository."""
    return Path(constants.HF_HUB_CACHE) / f"models--{place.repo.replace('/', '--')}"


def download(place: Hub, file: str) -> None:
    """Download a file of a commit into the cache of the hub's client, without verifying it.

    Raises:
        NetworkError: The hub refuses the file, or cannot be reached.
        IntegrityError: The file has another length than the server announced.
        UnsafeError: The server answers with another commit, or with names of another form.
    """
    attempt(
        place.repo,
        place.revision,
        lambda: hf_hub_download(
            place.repo,
            file,
            revision=place.revision,
            library_name=_LIBRARY,
            library_version=__version__,
            etag_timeout=constants.HF_HUB_ETAG_TIMEOUT,
            cache_dir=constants.HF_HUB_CACHE,
            endpoint=endpoint(),
        ),
    )


def publish(
    repo: str, files: Mapping[str, bytes], message: str, *, create_pr: bool = False
) -> tuple[str, str]:
    """Push files as one commit on top of the repository's last one, or push nothing.

    A missing repository is created.

    Args:
        repo: As ``org/name``.
        files: Path to content.
        message: Message of the commit.
        create_pr: Propose the commit instead of pushing it to the main branch.

    Returns:
        The commit, and the address of its page.

    Raises:
        InputError: No login is stored.
        UnsafeError: The login must not be sent to the hub in use.
        NetworkError: The hub refuses, or cannot be reached; or somebody else pushed meanwhile.
    """
    if get_token() is None:
        hint = "hf auth login, or set HF_TOKEN"
        raise InputError("pushing needs a login to the hub", hint=hint)
    if (why := why_withheld()) is not None:
        raise UnsafeError("pushing needs a login, which stays here", got=why)
    if not create_pr:
        attempt(repo, None, lambda: _api().create_repo(repo, exist_ok=True))
    head = attempt(repo, None, lambda: _api().model_info(repo, timeout=_PUSH_TIMEOUT)).sha
    done = attempt(
        repo,
        None,
        lambda: _api().create_commit(
            repo,
            [CommitOperationAdd(path, data) for path, data in files.items()],
            commit_message=message,
            parent_commit=head,
            create_pr=create_pr,
        ),
    )
    return done.oid, done.pr_url or done.commit_url


def _api() -> HfApi:
    return HfApi(endpoint=endpoint(), library_name=_LIBRARY, library_version=__version__)
