//! Decoding files that may hold anything. The decoders of Parquet and Arrow are not ours, and some of what
//! no writer writes makes them panic: that is damage too, and no fault of the program.

use std::cell::Cell;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Once;

use crate::disk::error::DiskError;

thread_local! {
    /// Whether this thread decodes, so that a panic is told as an error.
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Decodes what was read from `path`.
///
/// # Errors
/// What `decode` says, and [`DiskError::Damaged`] where it panics.
pub(crate) fn decoded<T>(
    path: &Path,
    decode: impl FnOnce() -> Result<T, DiskError>,
) -> Result<T, DiskError> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_DECODING.get() {
                tell(panic);
            }
        }));
    });
    let was_decoding = IS_DECODING.replace(true);
    let ended = panic::catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(was_decoding);
    ended.unwrap_or_else(|_| Err(DiskError::damaged(path, "it cannot be decoded")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_has_found_a_damaged_file() {
        let path = Path::new("out/part-00000.parquet");
        let error = decoded::<()>(path, || panic!("planted")).unwrap_err();
        assert!(error.is_damaged());
        assert!(error.to_string().contains("part-00000.parquet is damaged"));
        assert!(!IS_DECODING.get());
        assert_eq!(decoded(path, || Ok(1)).unwrap(), 1);
    }
}
