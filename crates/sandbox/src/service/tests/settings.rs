//! Settings that make the service, or the account, hard to list.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::{Client, WINDOW, ids, options, value};
use crate::options::{Order, Paging, SandboxOptions};
use crate::scenario::scenario;

/// [`options`] with these settings of a scenario file on top.
fn set(clips: u64, settings: &[&str]) -> SandboxOptions {
    let plain = options(clips);
    let mut all: Vec<String> = vec![
        format!("clips={clips}"),
        format!("since={}", plain.since),
        format!("until={}", plain.until),
        "limits.light-per-second=inf".to_owned(),
    ];
    all.extend(settings.iter().map(|&setting| setting.to_owned()));
    scenario(&[], &all).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_page_token_with_a_lifetime_of_zero_is_dead_on_arrival() {
    let client = Client::new(set(100, &["behaviour.page-token-lifetime=0s"]));
    let first = value(&client.get("/v2/clips", WINDOW));
    let token = first["next_page_token"].as_str().unwrap();
    assert_ne!(token, "");
    let reply = client.get("/v2/clips", &format!("{WINDOW}&next_page_token={token}"));
    assert_eq!((reply.status, reply.code), (400, Some(300)));
}

#[tokio::test(start_paused = true)]
async fn a_cap_bounds_the_total_and_ends_the_chain() {
    for (cap, listed) in [(100, 100), (95, 95), (1000, 400)] {
        for paging in ["keyset", "offset"] {
            let cap_setting = format!("behaviour.total-cap={cap}");
            let paging = format!("behaviour.paging={paging}");
            let client = Client::new(set(400, &[&cap_setting, &paging]));
            let (records, pages) = client.walk("/v2/clips", WINDOW, "data");
            assert_eq!((records.len(), ids(&records).len()), (listed, listed));
            assert_eq!(pages, listed.div_ceil(30));
            let total = &value(&client.get("/v2/clips", WINDOW))["total_records"];
            assert_eq!(*total, listed);
            // The cap is one of the service, and not of the account.
            assert_eq!(client.service.truth().all.clips, 400);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shifted_filter_lists_what_lies_that_much_later_or_earlier() {
    let whole = Client::new(options(2000))
        .walk("/v2/clips", WINDOW, "data")
        .0;
    let day = |shift: &str, from: &str, to: &str| {
        let setting = format!("behaviour.filter-shift={shift}");
        let client = Client::new(set(2000, &[&setting]));
        let query = format!("date_filter_type=CREATED_DATE&from={from}&to={to}");
        ids(&client.walk("/v2/clips", &query, "data").0)
    };
    let expected: BTreeSet<String> = whole
        .iter()
        .filter(|clip| {
            let created = clip["created_date"].as_str().unwrap();
            ("2024-03-10T09:00:00"..="2024-03-11T09:00:00").contains(&created)
        })
        .map(|clip| clip["clip_id"].as_str().unwrap().to_owned())
        .collect();
    assert!(!expected.is_empty());
    let (start, end) = ("2024-03-10T00:00:00Z", "2024-03-11T00:00:00Z");
    assert_eq!(day("9h", start, end), expected);
    let (start, end) = ("2024-03-10T18:00:00Z", "2024-03-11T18:00:00Z");
    assert_eq!(day("-9h", start, end), expected);
}

#[tokio::test(start_paused = true)]
async fn a_list_may_be_filtered_by_the_other_date() {
    let short = "from=2024-03-10T00:00:00Z&to=2024-03-12T00:00:00Z";
    let created = format!("date_filter_type=CREATED_DATE&{short}");
    let modified = format!("date_filter_type=MODIFIED_DATE&{short}");
    let plain = Client::new(options(2000));
    let by_created = plain.walk("/v2/clips", &created, "data").0;
    let by_modified = plain.walk("/v2/clips", &modified, "data").0;
    assert_ne!(by_created, by_modified);
    let swapped = Client::new(set(2000, &["behaviour.filtered-date=modified"]));
    assert!(swapped.service.scans(&created));
    assert_eq!(swapped.walk("/v2/clips", &created, "data").0, by_modified);
    let swapped = Client::new(set(2000, &["behaviour.filtered-date=created"]));
    assert_eq!(swapped.walk("/v2/clips", &modified, "data").0, by_created);
}

#[tokio::test(start_paused = true)]
async fn a_second_may_hold_many_clips() {
    let client = Client::new(set(1500, &["same-second=1000", "sub-accounts=1"]));
    let id = &client.service.account_ids()[0];
    let path = format!("/v2/accounts/{id}/clips");
    let (records, _) = client.walk(&path, WINDOW, "data");
    let mut by_second: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &records {
        let second = record["created_date"].as_str().unwrap().get(..19).unwrap();
        *by_second.entry(second).or_default() += 1;
    }
    // The main account has fewer than those, so all of its clips are in that second.
    assert_eq!(by_second.into_values().collect::<Vec<_>>(), [records.len()]);
    let client = Client::new(set(1500, &["same-second=1000"]));
    let second = "from=2024-03-10T08:00:00Z&to=2024-03-10T08:00:01Z";
    let query = format!("date_filter_type=CREATED_DATE&{second}&page_size=300");
    let (records, _) = client.walk("/v2/clips", &query, "data");
    assert!((1000..1010).contains(&records.len()), "{}", records.len());
    assert_eq!(client.service.truth().all.clips, 1500);
}

#[tokio::test(start_paused = true)]
async fn rows_without_dates_stand_in_the_middle_of_the_list() {
    let client = Client::new(set(400, &["undated=40"]));
    let (records, _) = client.walk("/v2/clips", WINDOW, "data");
    assert_eq!(records.len(), 400);
    for (place, record) in records.iter().enumerate() {
        let is_undated = (180..220).contains(&place);
        for name in ["created_date", "modified_date"] {
            assert_eq!(record.get(name).is_none(), is_undated, "{place}");
        }
    }
    let (text, _) = client.service.truth_piece(0, 200, 1).unwrap();
    let truth: Value = serde_json::from_slice(&text).unwrap();
    assert!(truth.get("created_at").is_none() && truth.get("modified_at").is_none());
    assert_eq!(client.service.truth().all.clips, 400);
}

/// A chain of pages through an account that moves with each request: how often each clip was
/// listed, in its last form, and what the service says of it.
fn listed_while_moving(client: &Client) -> BTreeMap<String, (u32, Value)> {
    let mut seen = BTreeMap::new();
    for record in client.walk("/v2/clips", WINDOW, "data").0 {
        let id = record["clip_id"].as_str().unwrap().to_owned();
        let entry = seen.entry(id).or_insert((0, Value::Null));
        *entry = (entry.0 + 1, record);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn with_each_request_one_clip_appears_and_one_vanishes_and_the_rest_is_exact() {
    let drift = "drift={ at-once=2, in-turn=true, changes=1000, kinds=[\"appear\", \"vanish\"] }";
    let client = Client::new(set(3000, &[drift]));
    let totals: Vec<u64> = (0..20)
        .map(|_| {
            let page = value(&client.get("/v2/clips", WINDOW));
            page["total_records"].as_u64().unwrap()
        })
        .collect();
    // One that comes and one that goes leave every count as it is, unless the plan found no clip.
    assert!(
        totals.iter().all(|total| total.abs_diff(totals[0]) <= 1),
        "{totals:?}"
    );
    let moved = client.service.truth().moved;
    let count = |kind: &str| moved.values().filter(|name| **name == kind).count();
    assert!(count("appear") >= 18 && count("vanish") >= 18, "{moved:?}");

    let seen = listed_while_moving(&client);
    let truth = client.service.truth();
    let still: BTreeSet<&String> = seen
        .keys()
        .filter(|id| !truth.moved.contains_key(*id))
        .collect();
    assert_eq!(still.len() as u64, truth.all.clips);
    assert!(still.iter().all(|id| seen[*id].0 == 1));
}

#[tokio::test(start_paused = true)]
async fn a_changed_clip_bears_the_right_date_a_wrong_one_or_none() {
    for dates in ["right", "wrong", "missing"] {
        let drift = format!(
            "drift={{ at-once=200, changes=200, kinds=[\"appear\", \"edit\", \"trash\", \
             \"restore\", \"transfer\"], modified-dates=\"{dates}\" }}"
        );
        let client = Client::new(set(1000, &[&drift]));
        let seen = listed_while_moving(&client);
        let moved = client.service.truth().moved;
        assert!(moved.len() > 150);
        for (id, (_, record)) in &seen {
            let date = |name: &str| -> Option<Timestamp> {
                let text = record.get(name)?.as_str()?;
                Some(text.parse().unwrap())
            };
            let (created, modified) = (date("created_date").unwrap(), date("modified_date"));
            if !moved.contains_key(id) {
                assert!(modified.unwrap() >= created);
                continue;
            }
            match dates {
                "right" => assert!(modified.unwrap().as_second() >= options(0).until),
                "wrong" => assert!(modified.unwrap() < created),
                _ => assert_eq!(modified, None),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restored_clip_was_in_the_trash_until_then() {
    let drift = "drift={ every=2, at-once=50, changes=50, kinds=[\"restore\"] }";
    let client = Client::new(set(300, &[drift]));
    let before = client.service.truth();
    let query = format!("{WINDOW}&page_size=300");
    let list = || value(&client.get("/v2/clips", &query))["data"].clone();
    let (first, second) = (list(), list());
    let deleted = |page: &Value| {
        let clips = page.as_array().unwrap().iter();
        clips
            .filter(|clip| clip["status"] == "RECORD_DELETE")
            .count() as u64
    };
    assert_eq!(deleted(&first), before.all.by_status["RECORD_DELETE"]);
    let moved = client.service.truth().moved;
    assert!(moved.len() > 40 && moved.values().all(|kind| *kind == "restore"));
    let restored = deleted(&first) - deleted(&second);
    assert_eq!(restored, moved.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_restored_clip_appears_where_the_list_lacks_deleted_clips() {
    let drift = "drift={ every=2, at-once=50, changes=50, kinds=[\"trash\", \"restore\"] }";
    let client = Client::new(set(300, &[drift, "behaviour.lists-deleted=false"]));
    let query = format!("{WINDOW}&page_size=300");
    let list = || {
        ids(value(&client.get("/v2/clips", &query))["data"]
            .as_array()
            .unwrap())
    };
    let (first, second) = (list(), list());
    let moved = client.service.truth().moved;
    for (id, kind) in moved {
        assert!(!first.contains(&id) || kind == "trash", "{id} {kind}");
        assert!(!second.contains(&id) || kind == "restore", "{id} {kind}");
    }
    assert!(first.difference(&second).next().is_some());
    assert!(second.difference(&first).next().is_some());
}

#[test]
fn a_scenario_file_has_all_of_these_settings() {
    let options = scenario(
        &["same-second = 1000\nundated = 5\n\
           [behaviour]\ntotal-cap = 10000\nfilter-shift = \"-90m\"\nfiltered-date = \"modified\"\n\
           page-token-lifetime = \"0s\"\norder = \"by-id\"\npaging = \"offset\"\n\
           [drift]\nat-once = 2\nin-turn = true\nmodified-dates = \"missing\"\n"],
        &[],
    )
    .unwrap();
    assert_eq!((options.same_second, options.undated), (1000, 5));
    assert_eq!(options.behaviour.total_cap, Some(10_000));
    assert_eq!(options.behaviour.filter_shift.as_secs(), -5400);
    assert!(options.behaviour.page_token_lifetime.is_zero());
    assert_eq!(options.behaviour.order, Order::ById);
    assert_eq!(options.behaviour.paging, Paging::Offset);
    let drift = options.drift.unwrap();
    assert!(drift.in_turn && drift.at_once == 2);
    for wrong in ["behaviour.filter-shift=soon", "behaviour.total-cap=-1"] {
        assert!(scenario(&[], &[wrong.to_owned()]).is_err(), "{wrong}");
    }
}
