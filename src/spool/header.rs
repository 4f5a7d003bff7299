//! What a spool is for, and whether an interrupted run is gone on with.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Micros, Seconds};

/// The format of spools that this version writes.
pub(crate) const SPOOL_FORMAT: u32 = 4;

/// What a spool is for. An interrupted run is resumed where format, tool and fingerprint agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolHeader {
    /// [`SPOOL_FORMAT`].
    pub format: u32,
    /// The version of the tool.
    pub tool: String,
    /// A hash of the parameters, in hex digits; names the folder.
    pub fingerprint: String,
    /// The instant the census is of.
    pub snapshot_at: Micros,
    /// The begin of the span.
    pub since: Seconds,
    /// The end of the span.
    pub until: Seconds,
    /// The run that began it.
    pub run_id: String,
    /// When that run began, RFC 3339.
    pub started_at: String,
    /// Whether it was listed whole, and not published since far more clips were gone than may be.
    #[serde(default)]
    pub is_shrunk: bool,
}

/// How far the span of a census may have moved since it was interrupted, in seconds. One that
/// begins at an age such as `36h` moves with the clock: taken up a day later, it would leave a gap
/// before the next.
const RESUMABLE_DRIFT: i64 = 12 * 60 * 60;

impl SpoolHeader {
    /// Why a run that wants a spool with the header `wanted` cannot go on with this one.
    ///
    /// What was listed long ago is of another night: `within` bounds how long ago it may have begun.
    pub(super) fn why_not_for(&self, wanted: &Self, within: Duration) -> Option<&'static str> {
        if self.format != wanted.format || self.tool != wanted.tool {
            Some("another version of the program wrote it")
        } else if self.fingerprint != wanted.fingerprint {
            Some("it is of other parameters")
        } else if self.age_at(wanted).is_none_or(|age| age > within) {
            Some("it began longer ago than --resume-within allows")
        } else if (wanted.since - self.since).abs() > RESUMABLE_DRIFT {
            Some("the span has moved on since")
        } else if self.until > wanted.until {
            // What was created before its end was not all there when it was listed.
            Some("it ends later than this one, so the clock has been set back")
        } else {
            None
        }
    }

    /// How long before another run this one began; `None` if that cannot be told, or was never.
    fn age_at(&self, wanted: &Self) -> Option<Duration> {
        let begun: Timestamp = self.started_at.parse().ok()?;
        let now: Timestamp = wanted.started_at.parse().ok()?;
        now.duration_since(begun).try_into().ok()
    }
}
