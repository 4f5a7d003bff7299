//! A settings file: what is taken of it can be used, and no message quotes a value of another kind.

use crate::fuzz::scratch;
use crate::fuzz::scratch::SNAPSHOT_AT;
use crate::settings::args::ExportArgs;
use crate::settings::{Environment, ExportSettings};

/// The bytes are those of the file.
pub fn settings(input: &[u8]) -> bool {
    let folder = scratch::folder();
    let path = folder.path().join("clipcensus.toml");
    scratch::put(&path, input);
    let args = ExportArgs {
        config: Some(path),
        ..ExportArgs::default()
    };
    let Some(settings) = resolved(args) else {
        return false;
    };
    let limits = settings.limits;
    assert!(limits.light > 0.0 && limits.medium > 0.0, "{limits:?}");
    assert!(settings.max_file_rows > 0);
    let shrink = settings.accepted.shrink;
    assert!(shrink.is_none_or(|share| (0.0..=1.0).contains(&share)));
    true
}

/// What an export of these arguments is set to, where they can be used; no message tells the access token.
pub(super) fn resolved(args: ExportArgs) -> Option<ExportSettings> {
    let variables = [
        ("ZOOM_ACCESS_TOKEN", "given-token"),
        ("ZOOM_ACCOUNT_ID", "acme"),
    ];
    let environment =
        Environment::of(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
    ExportSettings::resolve(args, &environment, SNAPSHOT_AT.timestamp())
        .inspect_err(|error| assert!(!error.to_string().contains("given-token")))
        .ok()
}
