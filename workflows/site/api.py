"""What the functions that serve the frame of every page answer, for the API's description."""

from typing import Final

from shared.descriptions import HTML, Answer, Operation

GET_ASSET: Final = Operation(
    tag="Pages",
    answers={
        200: Answer(
            description="A file that pages refer to.",
            media_types=("text/css", "image/svg+xml", "text/javascript"),
        )
    },
)
SIGN_IN: Final = Operation(
    tag="Pages",
    answers={
        200: Answer(description="The page.", media_types=(HTML,)),
        303: Answer(description="Signed in or out.", media_types=(), headers=("Location",)),
    },
    refuses=("instance_unknown", "invalid_request", "foreign_form", "unsupported_media_type"),
    repeats="signs the same person in.",
)
