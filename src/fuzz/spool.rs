//! A spool that an earlier run left: what does not hold together counts for nothing, and what counts
//! counts the next time too.

use std::time::Duration;

use serde_json::Value;

use crate::clip::schema;

use crate::disk::private::private_dir;
use crate::fuzz::scratch;
use crate::fuzz::scratch::SNAPSHOT_AT;
use crate::model::Seconds;
use crate::spool::{SPOOL_FORMAT, Spool, SpoolHeader, merge};

/// What the run that finds the spool wants.
pub(super) fn header() -> SpoolHeader {
    SpoolHeader {
        format: SPOOL_FORMAT,
        tool: "1.2.3".to_owned(),
        fingerprint: "00ff".to_owned(),
        snapshot_at: SNAPSHOT_AT,
        since: Seconds(0),
        until: SNAPSHOT_AT.seconds(),
        run_id: "run".to_owned(),
        started_at: "2026-11-23T00:00:01Z".to_owned(),
        is_shrunk: false,
    }
}

/// The lines of the journal without their sums, a NUL, and the pages file. All sums are made to fit, as
/// whoever can write the one can write the other.
pub fn spool(input: &[u8]) -> bool {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (lines, pages) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let folder = scratch::folder();
    let layout = scratch::layout(&folder);
    let wanted = header();
    let place = layout.work_dir().join(&wanted.fingerprint);
    for private in [&layout.work_dir(), &place] {
        private_dir(private).expect("a temporary folder can be written");
    }
    let journal: Vec<u8> = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .flat_map(|line| summed(line, pages))
        .collect();
    scratch::put(&place.join("journal"), &journal);
    scratch::put(&place.join("pages"), pages);

    let open = || Spool::open(&layout, wanted.clone(), Some(Duration::from_hours(24)));
    let first = open().expect("the folder can be written");
    let chains = first.chains();
    drop(first);
    let spool = open().expect("the folder can be written");
    assert_eq!(spool.chains(), chains, "what counted counts no more");
    for rejects in spool.rejects() {
        rejects.expect("it was looked at when the spool was opened");
    }
    let counted: u64 = chains.iter().map(|chain| chain.rows).sum();
    let mut rows = 0;
    for batch in merge(&spool) {
        let batch = batch.expect("it was looked at when the spool was opened");
        assert_eq!(batch.schema(), schema());
        rows += batch.num_rows() as u64;
    }
    assert!(rows <= spool.distinct_hashes(), "a clip comes twice");
    rows > 0 && counted > 0
}

/// A line of the journal with its sum, and with the sums of the pieces that it names.
fn summed(line: &[u8], pages: &[u8]) -> Vec<u8> {
    let json = match serde_json::from_slice::<Value>(line) {
        Ok(mut value) => {
            fit(&mut value, pages);
            value.to_string().into_bytes()
        }
        Err(_) => line.to_vec(),
    };
    let mut summed = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    summed.extend(json);
    summed.push(b'\n');
    summed
}

fn fit(value: &mut Value, pages: &[u8]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| fit(item, pages)),
        Value::Object(fields) => {
            let number = |name: &str| usize::try_from(fields.get(name)?.as_u64()?).ok();
            if let (Some(offset), Some(bytes)) = (number("offset"), number("bytes"))
                && let Some(piece) = offset
                    .checked_add(bytes)
                    .and_then(|end| pages.get(offset..end))
            {
                fields.insert("crc32".to_owned(), crc32fast::hash(piece).into());
            }
            fields.values_mut().for_each(|item| fit(item, pages));
        }
        _ => {}
    }
}
