//! The HTML page: what hostile text, many owners and the dark do to it; and `owners.csv`.

use std::collections::{BTreeMap, BTreeSet};

use super::golden::same;
use super::{
    at, batch, clean_run, clip, eventful_run, failed, mixed, one_each, summary, unsettled,
};
use crate::clip::Clip;
use crate::clip::owner::{People, Person};
use crate::model::Micros;
use crate::report::summary::Parameter;
use crate::report::{ExposedCsv, Summary, exposed_rows, html, json, owners_csv};
use crate::snapshot::{DataFile, Manifest, Totals};

/// A summary that has `text` wherever text of others can stand.
fn everywhere(text: &str) -> Summary {
    let hostile = Clip {
        owner_id: Some(text.into()),
        title: Some(text.into()),
        clip_id: text.into(),
        status: Some(text.into()),
        ..clip("", "", "", 5)
    };
    let open = Clip {
        share_scope: Some("ANYONE".into()),
        ..hostile.clone()
    };
    let elsewhere = Clip {
        share_scope: Some(text.into()),
        ..hostile
    };
    let run = Manifest {
        account_ids: vec![text.to_owned()],
        tool_version: text.to_owned(),
        windows: vec![unsettled(text)],
        account_failures: vec![failed(text, text)],
        totals: Totals {
            repairs: BTreeMap::from([(text.to_owned(), 1)]),
            ..clean_run(2).totals
        },
        requests: BTreeMap::from([(text.to_owned(), 1)]),
        files: vec![DataFile {
            path: text.to_owned(),
            rows: 2,
            bytes: 1,
            sha256: text.to_owned(),
        }],
        ..clean_run(2)
    };
    let mut summary = summary(&[open, elsewhere], &run);
    // A manifest holds no such text there, a summary that is read back can.
    text.clone_into(&mut summary.proof.verdict);
    text.clone_into(&mut summary.table);
    text.clone_into(&mut summary.snapshot_date);
    summary.parameters = vec![Parameter {
        name: text.to_owned(),
        value: text.to_owned(),
    }];
    summary
}

#[test]
fn text_of_others_adds_no_markup_whatever_it_is() {
    let marks = |page: &str| ['<', '>', '"'].map(|mark| page.matches(mark).count());
    let tame = html(&everywhere("tame"));
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</style></script></title><svg onload=alert(1)>",
        "<!-- ]]> & &lt; &#60;script&#62;",
    ] {
        assert_eq!(marks(&html(&everywhere(text))), marks(&tame), "{text}");
    }
}

#[test]
fn text_that_hides_or_reorders_is_written_out() {
    let page = html(&everywhere("invoice\u{202e}gpj.exe\0\u{7}\u{2066}\u{feff}"));
    for hidden in ['\u{202e}', '\0', '\u{7}', '\u{2066}', '\u{feff}'] {
        assert!(!page.contains(hidden), "{hidden:?}");
    }
    assert!(page.contains("invoice\\u{202e}gpj.exe\\u{0}"));
}

#[test]
fn a_word_without_an_end_is_cut() {
    let page = html(&everywhere(&"w".repeat(100_000)));
    assert!(page.len() < 100_000, "{} bytes", page.len());
    assert!(!page.contains(&"w".repeat(1_001)));
}

#[test]
fn the_page_names_nothing_outside_of_itself_but_the_lists_beside_it() {
    let page = html(&summary(&mixed(), &eventful_run()));
    let addresses: BTreeSet<&str> = ["src=\"", "href=\"", "url(", "@import", "action=\""]
        .iter()
        .flat_map(|mark| page.split(mark).skip(1))
        .map(|rest| rest.split('"').next().unwrap_or_default())
        .filter(|address| !address.starts_with('#'))
        .collect();
    assert_eq!(addresses, BTreeSet::from(["exposed.csv", "owners.csv"]));
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("unsafe-inline") && !page.contains(" style=\""));
}

#[test]
fn the_same_summary_gives_the_same_page_also_when_it_was_read_back() {
    let before = summary(&mixed(), &eventful_run());
    let after: Summary = serde_json::from_str(&json(&before)).unwrap();
    assert_eq!(html(&after), html(&before));
}

#[test]
fn every_colour_of_a_chart_has_its_dark_twin_in_the_style() {
    let page = html(&summary(&mixed(), &eventful_run()));
    let mut colours = BTreeSet::new();
    for attribute in ["fill", "stroke"] {
        for rest in page.split(&format!(" {attribute}=\"#")).skip(1) {
            let colour = rest.get(..6).unwrap();
            colours.insert(format!("[{attribute}=\"#{colour}\"]"));
        }
    }
    assert!(colours.len() >= 4, "{colours:?}");
    for colour in colours {
        assert!(page.contains(&format!("figure {colour}")), "{colour}");
    }
}

#[test]
fn a_hundred_thousand_owners_are_a_hundred_in_the_page_and_all_in_the_csv() {
    let ids: Vec<String> = (0..100_000)
        .map(|owner| format!("owner-{owner:06}"))
        .collect();
    let summary = summary(&one_each(&ids), &clean_run(100_000));
    let page = html(&summary);
    assert!(page.len() < 200_000, "{} bytes", page.len());
    assert!(page.contains("owner-000099") && !page.contains("owner-000100"));
    assert!(page.contains("and 99,900 more owners with 99,900 clips"));
    let mut csv = Vec::new();
    owners_csv(&summary, &mut csv).unwrap();
    assert_eq!(csv.split(|byte| *byte == b'\n').count(), 100_002);
}

/// The list of the exposed clips.
fn exposed(summary: &Summary, clips: &[Clip<'_>], has_links: bool) -> String {
    let mut csv = Vec::new();
    let mut list = ExposedCsv::begin(summary, has_links, &mut csv).unwrap();
    for clips in clips.chunks(2) {
        if let Some(rows) = exposed_rows(&batch(clips)).unwrap() {
            list.add(&rows).unwrap();
        }
    }
    list.finish().unwrap();
    let mut whole = Vec::new();
    let mut list = ExposedCsv::begin(summary, has_links, &mut whole).unwrap();
    list.add(&batch(clips)).unwrap();
    list.finish().unwrap();
    assert_eq!(csv, whole, "rows that were put aside are the same rows");
    String::from_utf8(csv).unwrap()
}

#[test]
fn the_list_of_exposed_clips_has_them_all_and_a_link_only_where_it_is_asked_for() {
    let mut clips = mixed();
    clips[3].title = Some("=HYPERLINK(1)".into());
    clips[3].share_link = Some("https://zoom.us/clips/share/c04".into());
    let mut summary = summary(&clips, &clean_run(13));
    let plain = exposed(&summary, &clips, false);
    let header = "\u{feff}account_id,clip_id,title,owner_id,owner_name,owner_email,status,created_at,\
                  duration_seconds,file_size_bytes";
    let row =
        "acc-1,c04,'=HYPERLINK(1),bob,,,RECORD_SUCCESS,2023-08-31T23:59:59.999Z,6000,4500000000";
    assert_eq!(plain, format!("{header}\r\n{row}\r\n"));

    let bob = Person {
        name: Some("Bob".to_owned()),
        email: Some("bob@x.example".to_owned()),
        ..Person::default()
    };
    summary.name_owners(People::from([("bob".to_owned(), bob)]));
    let named = exposed(&summary, &clips, true);
    let row = row.replace("bob,,", "bob,Bob,bob@x.example");
    let expected = format!("{header},share_link\r\n{row},https://zoom.us/clips/share/c04\r\n");
    assert_eq!(named, expected);
}

#[test]
fn months_before_the_charts_begin_are_part_of_what_there_is_so_far() {
    let clips = ["2010-05-01T00:00:00Z", "2024-05-01T00:00:00Z"].map(|created| Clip {
        created_at: Some(Micros(at(created))),
        ..clip("c", "ada", "RECORD_SUCCESS", 1_000)
    });
    let page = html(&summary(&clips, &clean_run(2)));
    assert!(page.contains("and 109 months earlier, since 2010-05, with 1 clip, 1.0 kB"));
    let last = page.split("2024-05").nth(1).unwrap();
    assert!(
        last.starts_with("</bdi></th>"),
        "{}",
        last.get(..40).unwrap()
    );
    let rows: Vec<&str> = last.split("<data value=\"").skip(1).take(4).collect();
    assert!(
        rows[2].starts_with("2\"") && rows[3].starts_with("2000\""),
        "{rows:?}"
    );
}

#[test]
fn the_bar_of_an_only_month_has_a_width() {
    let clip = Clip {
        created_at: Some(Micros(at("2024-05-01T00:00:00Z"))),
        ..clip("c", "ada", "RECORD_SUCCESS", 1_000)
    };
    let page = html(&summary(&[clip], &clean_run(1)));
    assert!(page.contains("<rect ") && !page.contains("width=\"-"));
}

#[test]
fn the_owners_are_lines_that_a_spreadsheet_does_not_run() {
    let mut clips = mixed();
    clips[0].owner_id = Some("=cmd|' /C calc'!A0".into());
    clips[1].owner_id = Some("-Uf\"DZ,y".into());
    let mut csv = Vec::new();
    owners_csv(&summary(&clips, &eventful_run()), &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    same(&csv, "mixed.csv");
    assert_eq!(csv.matches("\r\n").count(), csv.lines().count());
}
