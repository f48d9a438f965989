"""Where a job and what belongs to it are found over HTTP."""

from shared.http import API_PREFIX
from shared.models import JsonObject

_PARTS = {
    "pause": "pause",
    "resume": "resume",
    "cancel": "cancel",
    "redrive": "redrive",
    "manifest": "manifest",
    "deadLetters": "dead-letters",
    "report": "report",
}


def job_path(job_id: str) -> str:
    """Return the path of a job."""
    return f"{API_PREFIX}/batches/{job_id}"


def job_links(job_id: str) -> JsonObject:
    """Return the paths of a job and of what belongs to it, by name."""
    location = job_path(job_id)
    return {"self": location, **{name: f"{location}/{part}" for name, part in _PARTS.items()}}
