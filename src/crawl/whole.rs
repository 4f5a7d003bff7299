//! What must be so of every page, whatever it holds: nothing panics, no record and no field is lost.

#![expect(
    clippy::unwrap_used,
    reason = "where something is not as it must be, that is what was looked for"
)]

use crate::clip::reconstruct::{leftovers, matches, members_of};
use crate::clip::{SecretPolicy, normalise};
use crate::crawl::page::Decoder;
use crate::model::Window;
use crate::model::{Micros, Seconds};
use crate::spool::Hashing;
use crate::zoom::{DateFilter, Page, wire};

/// Whether it is a page; what is not so of one that is, panics.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let decode = |secrets| {
        let decoder = Decoder {
            by: DateFilter::Created,
            span: Window {
                from: Seconds(1_672_531_200),
                to: Seconds(1_793_491_200),
            },
            snapshot_at: Micros(1_793_491_200_000_000),
            secrets,
            hashing: Hashing::default(),
        };
        decoder.page("acme", bytes)
    };
    let (kept, cut) = (decode(SecretPolicy::Keep), decode(SecretPolicy::Cut));
    let (text, _) = wire::text(bytes);
    let (Ok(kept), Ok(cut)) = (&kept, &cut) else {
        assert!(
            kept.is_err() && cut.is_err(),
            "the policy decides what is a page"
        );
        assert!(Page::parse(&text, "data").is_err());
        return false;
    };
    let records = Page::parse(&text, "data").unwrap().records;
    for page in [kept, cut] {
        let counted = page.rows.num_rows() as u64 + page.outside + page.rejects.len() as u64;
        assert_eq!(counted, records.len() as u64, "a record is lost");
        assert_eq!(page.listed.len(), records.len());
    }
    let mut rejects = 0;
    for record in records {
        let Ok(row) = normalise(record, SecretPolicy::Keep) else {
            rejects += 1;
            continue;
        };
        let mut repairs = Vec::new();
        let expected = leftovers(&members_of(record.get()), &row.clip, &mut repairs);
        let extra = members_of(row.clip.extra.as_deref().unwrap_or("{}"));
        assert!(
            matches(&expected, &extra),
            "a field is lost: {}",
            record.get()
        );
        let mut counted = row.repairs;
        counted.sort_unstable();
        repairs.sort_unstable();
        assert_eq!(
            counted,
            repairs,
            "a repair is not counted: {}",
            record.get()
        );
    }
    assert_eq!(kept.rejects.len(), rejects);
    true
}
