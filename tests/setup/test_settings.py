"""Settings that cannot work are refused at the start, with a sentence, and not found out years later."""

import pytest

from grants.config import from_environment


def test_signatures_that_last_need_a_time_stamp_service(tmp_path):
    """A signature without a time stamp does not outlive its certificate, whatever else lies in the file."""
    asked = {"GRANTS_INSTANCE": str(tmp_path), "GRANTS_SIGNING_LONG_TERM": "1"}
    with pytest.raises(ValueError, match="set GRANTS_TIMESTAMP_URL"):
        from_environment(asked)
    settings = from_environment(asked | {"GRANTS_TIMESTAMP_URL": "https://stamps.example.org"})
    assert settings["SIGNING_LONG_TERM"] is True
