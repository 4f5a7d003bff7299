//! How accounts change while they are listed, as a scenario writes it down.

use serde::Deserialize;

/// How the account changes while it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drift {
    /// A change, or `at_once` changes, whenever so many pages of clips were asked for; 0 for none.
    /// Default 1.
    pub every: u64,
    /// Changes in all, each of another clip; then the account stands still. Default 100.
    pub changes: u32,
    /// So many changes at a time. Default 1.
    pub at_once: u32,
    /// The kinds, each as often as the others; none if empty. Default: all but `restore`
    /// and `open`.
    pub kinds: Vec<Change>,
    /// Whether the kinds come in turn, and not at random. Default false.
    pub in_turn: bool,
    /// Whether a clip that appears counts as modified at that moment; if not, its modified date
    /// stays as it was, whatever `modified_dates` says. Default true.
    pub stamps: bool,
    /// The modified date of a clip that has changed. Default: right.
    pub modified_dates: ModifiedDates,
}

impl Default for Drift {
    fn default() -> Self {
        Drift {
            every: 1,
            changes: 100,
            at_once: 1,
            kinds: vec![
                Change::Appear,
                Change::Vanish,
                Change::Trash,
                Change::Edit,
                Change::Transfer,
            ],
            in_turn: false,
            stamps: true,
            modified_dates: ModifiedDates::Right,
        }
    }
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A clip created long ago that was not listed so far, such as one taken out of the trash.
    Appear,
    /// A clip is gone for good.
    Vanish,
    /// A clip's status becomes `RECORD_DELETE`.
    Trash,
    /// A clip gets another title.
    Edit,
    /// A clip gets another owner.
    Transfer,
    /// A clip is taken out of the trash: its status was `RECORD_DELETE` until then.
    Restore,
    /// A clip's link is opened to anyone, without a passcode.
    Open,
}

impl Change {
    /// All kinds.
    pub const ALL: [Change; 7] = [
        Change::Appear,
        Change::Vanish,
        Change::Trash,
        Change::Edit,
        Change::Transfer,
        Change::Restore,
        Change::Open,
    ];

    /// Its name in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Change::Appear => "appear",
            Change::Vanish => "vanish",
            Change::Trash => "trash",
            Change::Edit => "edit",
            Change::Transfer => "transfer",
            Change::Restore => "restore",
            Change::Open => "open",
        }
    }
}

/// What the modified date of a clip says that has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModifiedDates {
    /// The moment of the change.
    Right,
    /// Some time in the year before the clip was created.
    Wrong,
    /// There is none, though the list filters and sorts by the right one.
    Missing,
}
