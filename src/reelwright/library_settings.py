"""What there is to set of a library; `None` and empty texts mean: as the rest of the configuration says."""

from typing import Literal

from pydantic import Field

from reelwright.sections import Section, Size


class LibrarySettings(Section):
    """A table [libraries.NAME] of the file, or what `library add` was told."""

    #: The folder; empty in the file where `library add` named it.
    root: str = ""
    file_pattern: str = ""
    min_size: Size = None
    max_size: Size = None
    #: Patterns of paths below the root that are left alone, `*` goes over `/`: "*/Extras/*".
    exclude: tuple[str, ...] = ()
    #: Follow symbolic links to files and folders.
    follow_links: bool = False
    #: Seconds a file must have been left alone before it is looked at.
    settle: float = Field(default=60, ge=0)
    #: A TOML file of rules; empty: the rules that come with Reelwright.
    rules: str = ""
    #: Where outputs go: into another tree, beside the source, or in the source's place.
    policy: Literal["tree", "beside", "replace"] = "tree"
    output_dir: str = ""
    #: An output larger than this share of its source is not kept; 0: as placement.max_encoded_percent says.
    max_encoded_percent: float = Field(default=0, ge=0)
    #: Which films come first, and how this library counts beside others.
    order: Literal["saving", "largest", "smallest", "newest", "oldest", "name"] = "saving"
    weight: float = Field(default=1, gt=0)
    #: When it is scanned, as cron has it: "0 3 * * *"; empty: whenever its queue is empty, once an hour at the most.
    schedule: str = ""
    #: Hours of the day in which encodes may start: "22-6"; empty: all.
    hours: str = ""
    #: Scan as soon as something changes below the root.
    watch: bool = False
