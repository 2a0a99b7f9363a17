"""What may become of anything in a source, and the rules by which it is not carried over as it is."""

from enum import StrEnum


class Fate(StrEnum):
    """What becomes of it."""

    ENCODE = "encode"
    COPY = "copy"
    #: Written as an attached file: fonts and cover art.
    ATTACH = "attach"
    CONVERT = "convert"
    DROP = "drop"


class Rule(StrEnum):
    """Why something is converted or dropped. Names are what a ledger's reader looks for; they do not change."""

    # Streams.
    NO_PLACE = "no-place"
    NO_READER = "no-reader"
    NO_PARAMETERS = "no-parameters"
    DATA_STREAM = "data-stream"
    APPEARED_LATE = "appeared-late"
    FRAMING = "framing"
    TEXT_CONVERTED = "text-converted"
    SAMPLES_KEPT = "samples-kept"
    DECODED = "decoded"
    TO_OPUS = "to-opus"
    # Attached files.
    NAMED_HERE = "named-here"
    # Tags.
    CONTAINER_BRAND = "container-brand"
    STALE_STATISTICS = "stale-statistics"
    WRITTEN_ANEW = "written-anew"
    SAME_KEY = "same-key"
    BROKEN_TEXT = "broken-text"
    WITH_ITS_STREAM = "with-its-stream"
    # Chapters.
    BEFORE_THE_CLOCK = "before-the-clock"
    END_BEFORE_START = "end-before-start"
    SAME_START = "same-start"
    OUTSIDE_THE_EXCERPT = "outside-the-excerpt"
    CUT_TO_THE_EXCERPT = "cut-to-the-excerpt"
    # Side data.
    FORMER_ENCODER = "former-encoder"
    DECODED_INTO_PICTURE = "decoded-into-picture"
    CAPTIONS_IN_PICTURE = "captions-in-picture"
    FRAME_NOTES = "frame-notes"
    SCALED = "scaled"


#: What each rule says, for people.
SENTENCES = {
    Rule.NO_PLACE: "the output's container has no place for it",
    Rule.NO_READER: "nothing here can read it",
    Rule.NO_PARAMETERS: "nothing in the file says what it is, or it holds nothing",
    Rule.DATA_STREAM: "data for machines, not for a player",
    Rule.APPEARED_LATE: "it begins so far into the file that the file's beginning does not tell of it",
    Rule.FRAMING: "what is around the data changes with the container; the data stays, byte for byte",
    Rule.TEXT_CONVERTED: "its text is stored in another way",
    Rule.SAMPLES_KEPT: "stored in another way, every sample the same",
    Rule.DECODED: "decoded, and kept without further loss",
    Rule.TO_OPUS: "sound was asked to become Opus",
    Rule.NAMED_HERE: "the source gives it no name or type, so it is given one",
    Rule.CONTAINER_BRAND: "it describes the former container",
    Rule.STALE_STATISTICS: "it counts what the former stream held",
    Rule.WRITTEN_ANEW: "the writer says it of the new file",
    Rule.SAME_KEY: "another tag is written under the same key",
    Rule.BROKEN_TEXT: "its bytes are no UTF-8: they are read as Windows-1252",
    Rule.WITH_ITS_STREAM: "it goes with its stream",
    Rule.BEFORE_THE_CLOCK: "it begins before the output's clock does, so it begins with it",
    Rule.END_BEFORE_START: "it ends before it begins, so it ends where it begins",
    Rule.SAME_START: "it begins with another one, so it begins a millisecond after it",
    Rule.OUTSIDE_THE_EXCERPT: "it is not in the excerpt",
    Rule.CUT_TO_THE_EXCERPT: "it reaches over the excerpt's ends, so it is cut there",
    Rule.FORMER_ENCODER: "it describes the former encode",
    Rule.DECODED_INTO_PICTURE: "the decoder applies it: what it says is in the picture",
    Rule.CAPTIONS_IN_PICTURE: "captions inside the picture's stream are not carried into AV1",
    Rule.FRAME_NOTES: "notes beside single frames are not carried into AV1",
    Rule.SCALED: "the picture was asked to be scaled",
}
