//! Who the owners are: looked up, written, reported, and only where that was asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clipcensus_sandbox::{Fault, FaultRule, SandboxOptions, ScopeNames, Target, Trigger};
use serde_json::{Value, json};

use crate::support::{
    Program, World, assert_is_truth, clips, files_below, parquet_rows, texts, with_scopes,
};

/// Account, id, e-mail, name, department, status.
type Row = [Option<String>; 6];

const COLUMNS: [&str; 6] = ["account_id", "id", "email", "name", "department", "status"];

fn owners_file(world: &World) -> PathBuf {
    let partition = format!("snapshot_date={}", world.date());
    let folder = world.out().join("owners").join(partition);
    folder.join("part-00000.parquet")
}

fn owners(world: &World) -> Vec<Row> {
    let batches = parquet_rows(&owners_file(world));
    let columns = COLUMNS.map(|column| texts(&batches, column));
    (0..columns[0].len())
        .map(|row| std::array::from_fn(|column| columns[column][row].clone()))
        .collect()
}

fn summary(world: &World) -> Value {
    world.json(&format!("{}/summary.json", world.date()))
}

/// The users that the sandbox's own lists hold, by id, asked for without the program.
fn directory(world: &World, path: &str) -> BTreeMap<String, Value> {
    let access = world.sandbox.credentials();
    let (oauth, api) = (world.sandbox.oauth_url(), world.sandbox.api_url());
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = |answer: reqwest::Response| async move {
            let bytes = answer.bytes().await.unwrap();
            serde_json::from_slice::<Value>(&bytes).unwrap()
        };
        let form = [
            ("grant_type", "account_credentials"),
            ("account_id", &access.account_id),
        ];
        let request = client.post(oauth).form(&form);
        let request = request.basic_auth(access.client_id, Some(access.client_secret));
        let token = body(request.send().await.unwrap()).await;
        let token = token["access_token"].as_str().unwrap();
        let mut users = BTreeMap::new();
        for status in ["active", "inactive"] {
            let url = format!("{api}/{path}?status={status}&page_size=2000");
            let page = body(client.get(url).bearer_auth(token).send().await.unwrap()).await;
            assert_eq!(page["next_page_token"], "");
            for user in page["users"].as_array().unwrap() {
                users.insert(user["id"].as_str().unwrap().to_owned(), user.clone());
            }
        }
        users
    })
}

/// The rows that the truth and the directory ask for: one for each owner of the account's clips.
fn expected(world: &World, account: &str, path: &str) -> Vec<Row> {
    let directory = directory(world, path);
    let truth = &world.sandbox.truth().accounts[account];
    let text = |user: &Value, name: &str| {
        let text = user[name].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let row = |id: &String| {
        let gone = json!({ "status": (path == "users").then_some("deleted") });
        let user = directory.get(id).unwrap_or(&gone);
        [
            Some(account.to_owned()),
            Some(id.clone()),
            text(user, "email"),
            text(user, "display_name"),
            text(user, "dept"),
            text(user, "status"),
        ]
    };
    truth.owners.keys().map(row).collect()
}

/// Names the first row that differs, rather than printing them all.
fn same(rows: &[Row], wanted: &[Row]) {
    for (row, wanted) in rows.iter().zip(wanted) {
        assert_eq!(row, wanted);
    }
    assert_eq!(rows.len(), wanted.len());
}

/// Neither a name nor an address stands anywhere below the output folder.
fn nobody_is_named(world: &World) {
    for path in files_below(&world.out()) {
        let bytes = fs::read(&path).unwrap();
        let address = b"@brightwater.example";
        let found = bytes.windows(address.len()).any(|part| part == address);
        assert!(!found, "{}", path.display());
    }
    assert!(!world.out().join("owners").exists());
}

#[test]
fn every_owner_has_a_row_and_names_agree_with_the_directory() {
    let world = World::new(clips(4_000));
    let run = world
        .export()
        .arg("--resolve-owners")
        .arg("-vvv")
        .succeeds();
    assert!(!run.stderr.contains("@brightwater"), "a name is in the log");
    let account = world.sandbox.account_ids().remove(0);
    let rows = owners(&world);
    same(&rows, &expected(&world, &account, "users"));
    let is_unknown = |row: &&Row| row[2..5].iter().all(Option::is_none);
    let unknown = rows.iter().filter(is_unknown).count();
    assert!(unknown > 0 && unknown < rows.len(), "{unknown} unknown");
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);

    let report = world.sandbox.report();
    assert!(report.out_of_specification.is_empty(), "{report:#?}");
    let manifest = world.manifest();
    let file = &manifest["files"][1];
    assert_eq!(file["rows"], rows.len() as u64);
    assert_eq!(
        file["path"],
        "owners/snapshot_date=2026-11-01/part-00000.parquet"
    );
    let run = Program::new(&["verify"])
        .arg(world.out().to_str().unwrap())
        .succeeds();
    assert!(run.stdout.contains("2 files"), "{}", run.stdout);
    let mut bytes = fs::read(owners_file(&world)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(owners_file(&world), bytes).unwrap();
    let run = Program::new(&["verify"])
        .arg(world.out().to_str().unwrap())
        .exits(65);
    assert!(run.stdout.contains("owners/"), "{}", run.stdout);
}

#[test]
fn reports_show_names_and_departments_and_report_reads_them_back() {
    let world = World::new(clips(4_000));
    for format in ["parquet", "csv"] {
        let export = world
            .export()
            .arg("--resolve-owners")
            .arg("--format")
            .arg(format);
        let export = export.succeeds();
        let summary = summary(&world);
        let first = &summary["owners"][0];
        let person = |name: &str| first[name].as_str().unwrap().to_owned();
        let out = world.out();
        let report = |format: &str| {
            let report = Program::new(&["report", "--format", format]);
            report.arg(out.to_str().unwrap()).succeeds().stdout
        };
        let pages = [report("text"), report("markdown"), report("json")];
        for page in &pages {
            for told in [person("email"), person("name")] {
                assert!(page.contains(&told), "{told} is not in {page}");
            }
        }
        assert!(export.stdout.starts_with(&pages[0]));
        // All but the command, which is to be copied.
        let mut lines = pages[0].lines();
        let is_narrow = |line: &str| line.chars().count() <= 80;
        assert!(lines.all(|line| is_narrow(line) || line.starts_with("to check the files: ")));
        let read: Value = serde_json::from_str(&pages[2]).unwrap();
        assert_eq!(read, summary);

        let sum = |of: &str, what: &str| -> u64 {
            let entries = summary[of].as_array().unwrap().iter();
            entries.map(|entry| entry[what].as_u64().unwrap()).sum()
        };
        assert!(summary["departments"].as_array().unwrap().len() > 2);
        for what in ["clips", "bytes"] {
            assert_eq!(sum("departments", what), sum("owners", what), "{what}");
        }
    }
}

#[test]
fn without_the_flag_nobody_is_named_and_names_of_a_snapshot_go_with_it() {
    let world = World::new(clips(1_000));
    world.export().arg("--resolve-owners").succeeds();
    assert!(owners_file(&world).is_file());
    world.export().arg("--replace").succeeds();
    assert!(!owners_file(&world).exists());
    Program::new(&["verify"])
        .arg(world.out().to_str().unwrap())
        .succeeds();
    fs::remove_dir(world.out().join("owners")).unwrap();
    nobody_is_named(&world);
    assert_eq!(summary(&world).get("departments"), None);
    assert_eq!(world.sandbox.report().too_many_requests, 0);
}

#[test]
fn without_the_scope_a_warning_names_it_and_the_export_goes_on() {
    let cases = [
        (
            ScopeNames::Granular,
            "clips:read:list_user_clips:admin",
            "user:read:list_users:admin",
        ),
        (ScopeNames::Classic, "clips:read:admin", "user:read:admin"),
    ];
    for (names, granted, wanted) in cases {
        let world = World::new(with_scopes(names, &[granted]));
        let run = world.export().arg("--resolve-owners").succeeds();
        assert!(run.stderr.contains("WARN"), "{}", run.stderr);
        assert!(run.stderr.contains(wanted), "{}", run.stderr);
        assert_is_truth(&world.rows(), &world.sandbox.truth().all);
        nobody_is_named(&world);
    }
}

#[test]
fn without_the_scope_for_single_users_those_of_the_lists_are_named() {
    let scopes = [
        "clips:read:list_user_clips:admin",
        "user:read:list_users:admin",
    ];
    let world = World::new(with_scopes(ScopeNames::Granular, &scopes));
    let run = world.export().arg("--resolve-owners").succeeds();
    assert!(
        run.stderr.contains("user:read:user:admin"),
        "{}",
        run.stderr
    );
    let account = world.sandbox.account_ids().remove(0);
    let world_rows = owners(&world);
    assert!(world_rows.iter().any(|row| row[2].is_some()));
    assert!(
        world_rows
            .iter()
            .all(|row| row[0].as_ref() == Some(&account))
    );
}

#[test]
fn users_of_every_account_are_looked_up_in_their_own_list() {
    let world = World::new(SandboxOptions {
        sub_accounts: 2,
        owners: 60,
        ..clips(3_000)
    });
    world
        .export()
        .arg("--all-accounts")
        .arg("--resolve-owners")
        .succeeds();
    let ids = world.sandbox.account_ids();
    let mut wanted = expected(&world, &ids[0], "users");
    for id in &ids[1..] {
        wanted.extend(expected(&world, id, &format!("accounts/{id}/users")));
    }
    wanted.sort();
    same(&owners(&world), &wanted);
}

#[test]
fn users_that_may_not_be_seen_do_not_fail_the_export() {
    let mut options = clips(1_000);
    options.faults.rules.push(FaultRule {
        fault: Fault::Forbidden,
        when: Trigger::Always,
        on: Target::Users,
        account: None,
    });
    let world = World::new(options);
    let run = world.export().arg("--resolve-owners").succeeds();
    assert!(
        run.stderr.contains("owners stay without a name"),
        "{}",
        run.stderr
    );
    nobody_is_named(&world);
}

#[test]
fn two_exports_write_the_same_owners() {
    let world = World::new(clips(2_000));
    let read = |format: &str, concurrency: &str| {
        fs::remove_dir_all(world.out()).ok();
        let export = world
            .export()
            .arg("--resolve-owners")
            .arg("--format")
            .arg(format);
        export.arg("--concurrency").arg(concurrency).succeeds();
        fs::read(owners_file(&world).with_extension(format)).unwrap()
    };
    for format in ["parquet", "csv"] {
        assert!(read(format, "8") == read(format, "1"), "{format}");
    }
}

/// An export whose clips are read and whose first look at the lists of users fails.
fn stopped_at_the_names() -> World {
    let mut options = clips(2_000);
    options.faults.rules.push(FaultRule {
        fault: Fault::Html(503),
        when: Trigger::Nth(1),
        on: Target::Users,
        account: None,
    });
    let world = World::new(options);
    let export = world.export().arg("--resolve-owners");
    let run = export.arg("--max-wait=0s").exits(75);
    assert!(run.stderr.contains("GET /users"), "{}", run.stderr);
    assert!(!world.out().join("_snapshots").exists());
    world
}

#[test]
fn an_outage_while_names_are_looked_up_costs_no_clip_the_next_time() {
    for with_names in [true, false] {
        let world = stopped_at_the_names();
        let before = world.sandbox.report().requests;
        let flag = format!("--resolve-owners={with_names}");
        world.export().arg(&flag).succeeds();
        let after = world.sandbox.report().requests - before;
        // An access token, three lists, and those whom no list holds: no page of clips.
        assert!(after < 40, "{after} requests");
        assert_is_truth(&world.rows(), &world.sandbox.truth().all);
        assert_eq!(world.out().join("owners").exists(), with_names);
    }
}

#[test]
fn an_owner_who_has_left_is_no_failed_request_to_who_asks_for_those() {
    let world = World::new(clips(900));
    let export = |verbose: &str| {
        let export = world.export().args(&["--resolve-owners", verbose]);
        let run = export.succeeds();
        run.stderr.matches("GET /users/").count()
    };
    let row = |row: &Row| row[5].as_deref() == Some("deleted");
    assert_eq!(export("-v"), 0);
    let deleted = owners(&world).iter().filter(|it| row(it)).count();
    assert!(deleted > 0);
    assert_eq!(export("-vv"), deleted);
}
