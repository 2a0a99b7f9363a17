"""The profiles there are."""

from collections.abc import Mapping

from reelwright.layers import stack
from reelwright.profiles import Profile


def all_profiles(environ: Mapping[str, str]) -> Mapping[str, Profile]:
    """Those built in, then the configuration file's own, which are checked.

    Raises:
        UsageError: the file cannot be read, or one of its profiles is wrong.
    """
    found = stack(environ)
    own = [profile for profile in found.profiles.values() if not profile.built_in]
    if own:
        # Only then: what checks settings takes longer to import than everything else here.
        from reelwright.config import problems_of_profile

        for profile in own:
            for problem in problems_of_profile(profile, str(found.file)):
                raise problem.error()
    return found.profiles
