//! Wrong flags, environment and files: a message that names the thing and the remedy, the exit
//! code of the table, and nothing sent or written.

use std::fs;

use crate::support::{Program, World, clips, shows};

/// Runs an export that must be refused before anything is sent; gives its message.
fn refused(world: &World, arguments: &[&str]) -> String {
    let mut program = world.export();
    for argument in arguments {
        program = program.arg(argument);
    }
    let run = program.exits(2);
    assert_eq!(world.sandbox.report().requests, 0);
    assert!(!world.out().exists(), "something was written");
    assert_eq!(run.stdout, "");
    run.stderr
}

#[test]
fn wrong_flags_are_named_with_what_would_be_right() {
    let world = World::new(clips(1));
    for (arguments, words) in [
        (&["--since=yesterday"][..], &["--since", "36h"][..]),
        (&["--since=2026-12-01"], &["2026-12-01", "before"]),
        (&["--plan=gold"], &["gold", "business"]),
        (&["--rate=0"], &["--rate", "0.01"]),
        (&["--status=DONE"], &["DONE", "RECORD_SUCCESS"]),
        (&["--account="], &["--account"]),
        (&["--account=a/b"], &["--account", "slash"]),
        (
            &["--account=a", "--all-accounts"],
            &["--account", "--all-accounts"],
        ),
        (&["--max-wait=soon"], &["--max-wait", "15m"]),
        (&["--concurrency=0"], &["--concurrency", "1024"]),
        (&["--base-url=http://api.zoom.us/v2"], &["https"]),
        (&["--base-url=zoom"], &["base URL"]),
        (&["--fromat=csv"], &["--fromat", "--format"]),
        (&["--status=RECORD_SUCESS"], &["'RECORD_SUCCESS'"]),
        (&["--plan=bussiness"], &["'business'"]),
        (&["--by=create"], &["'created'"]),
    ] {
        let message = refused(&world, arguments);
        for word in words {
            assert!(message.contains(word), "{arguments:?}: {message}");
        }
    }
}

#[test]
fn an_empty_value_is_refused_wherever_it_would_narrow() {
    let world = World::new(clips(1));
    let file = world.folder.path().join("clipcensus.toml");
    let path = file.to_str().unwrap();
    let mut refused_ways = 0;
    for setting in [
        "owner",
        "search",
        "status",
        "account",
        "accounts-file",
        "since",
        "until",
    ] {
        let variable = format!("CLIPCENSUS_{}", setting.replace('-', "_").to_uppercase());
        let export = || world.export().without("CLIPCENSUS_UNTIL");
        let mut runs = vec![
            export().arg(&format!("--{setting}=")),
            export().env(&variable, ""),
        ];
        if matches!(setting, "owner" | "search" | "since" | "until") {
            runs.push(export().arg(&format!("--{setting}= ")));
            runs.push(export().arg(&format!("--{setting}=\u{200b}")));
        }
        for run in runs {
            let run = run.exits(2);
            assert!(run.stderr.contains(setting), "{setting}: {}", run.stderr);
            refused_ways += 1;
        }
        let mut texts = vec![format!("{setting} = \"\"")];
        if setting == "account" {
            texts = vec!["account = []".to_owned(), "account = [\"\"]".to_owned()];
        }
        for text in texts {
            fs::write(&file, text).unwrap();
            let run = export().arg("--config").arg(path).exits(2);
            let told = format!("--{setting} is empty");
            assert!(run.stderr.contains(&told), "{setting}: {}", run.stderr);
            refused_ways += 1;
        }
    }
    assert_eq!(refused_ways, 30);
    assert_eq!(world.sandbox.report().requests, 0);
    assert!(!world.out().exists(), "something was written");
}

#[test]
fn what_a_shell_or_an_editor_puts_around_an_id_reaches_neither_request_nor_row() {
    let world = World::new(clips(40));
    let access = world.sandbox.credentials();
    let secret = world.folder.path().join("secret");
    fs::write(&secret, format!("\u{feff}{}\r\n", access.client_secret)).unwrap();
    world
        .export()
        .without("ZOOM_CLIENT_SECRET")
        .env("ZOOM_CLIENT_SECRET_FILE", secret.to_str().unwrap())
        .env(
            "ZOOM_ACCOUNT_ID",
            &format!("\u{feff}{}\r", access.account_id),
        )
        .env("ZOOM_CLIENT_ID", &format!(" {}\n", access.client_id))
        .succeeds();
    assert_eq!(world.manifest()["account_ids"][0], access.account_id);
    let account = format!("{}\r", world.sandbox.account_ids()[0]);
    world.export().arg("--account").arg(&account).succeeds();
    assert_eq!(
        world.manifest()["account_ids"][0],
        world.sandbox.account_ids()[0]
    );
}

#[test]
fn an_id_that_no_account_and_no_user_has_is_refused_before_anything_is_sent() {
    let world = World::new(clips(1));
    for (variable, value) in [
        ("ZOOM_ACCOUNT_ID", "\"id\""),
        ("ZOOM_CLIENT_ID", "one\ntwo"),
        ("ZOOM_CLIENT_SECRET", "hush hush"),
        ("ZOOM_ACCESS_TOKEN", "hush\u{7}hush"),
    ] {
        let run = world.export().env(variable, value).exits(2);
        assert!(run.stderr.contains(variable), "{}", run.stderr);
        assert!(!run.stderr.contains("hush"), "{}", run.stderr);
    }
    for argument in [
        "--account=a\"b",
        "--owner=\"jo@example.com\"",
        "--owner=U\nX",
    ] {
        let message = refused(&world, &[argument]);
        let (setting, _) = argument.split_once('=').unwrap();
        assert!(message.contains(setting), "{message}");
    }
    assert_eq!(world.sandbox.report().requests, 0);
}

#[test]
fn a_share_of_the_limits_must_lie_between_none_and_all() {
    let world = World::new(clips(1));
    let mut program = Program::new(&["export", "--rate-share=1.5"]);
    program = program
        .env("CLIPCENSUS_OUT", world.out().to_str().unwrap())
        .env("ZOOM_ACCOUNT_ID", "account");
    let run = program.env("ZOOM_ACCESS_TOKEN", "t").exits(2);
    assert!(run.stderr.contains("--rate-share"), "{}", run.stderr);
}

#[test]
fn without_credentials_the_missing_ones_are_named() {
    let world = World::new(clips(1));
    let run = world.export().without("ZOOM_CLIENT_SECRET").exits(2);
    assert!(
        run.stderr.contains("set ZOOM_CLIENT_SECRET"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--sandbox"), "{}", run.stderr);
}

#[test]
fn a_settings_file_stands_behind_flags_and_environment() {
    let world = World::new(clips(40));
    let file = world.folder.path().join("clipcensus.toml");
    fs::write(
        &file,
        "format = \"csv\"\nconcurrency = 3\nstatus = \"SUSPENDED\"\n",
    )
    .unwrap();
    world
        .export()
        .arg("--config")
        .arg(file.to_str().unwrap())
        .arg("--concurrency=5")
        .env("CLIPCENSUS_STATUS", "RECORD_SUCCESS")
        .succeeds();
    let manifest = world.manifest();
    assert_eq!(manifest["format"], "csv");
    assert_eq!(manifest["parameters"]["concurrency"], 5);
    assert_eq!(manifest["parameters"]["status"], "RECORD_SUCCESS");
}

#[test]
fn a_settings_file_with_an_unknown_key_or_none_at_all_is_refused() {
    let world = World::new(clips(1));
    let file = world.folder.path().join("clipcensus.toml");
    let path = file.to_str().unwrap();
    let message = refused(&world, &["--config", path]);
    assert!(message.contains(path), "{message}");
    fs::write(&file, "fromat = \"csv\"\n").unwrap();
    let message = refused(&world, &["--config", path]);
    assert!(
        message.contains("`fromat`; did you mean `format`?") && message.contains("line 1"),
        "{message}"
    );
    fs::write(&file, "colour = true\n").unwrap();
    let message = refused(&world, &["--config", path]);
    assert!(message.contains("clipcensus export --help"), "{message}");
}

#[test]
fn the_sample_settings_file_is_accepted_with_every_line_commented_out_and_in() {
    let sample = include_str!("../../samples/clipcensus.toml");
    let world = World::new(clips(40));
    let file = world.folder.path().join("clipcensus.toml");
    let out = world.folder.path().join("sample");
    let metrics = world.folder.path().join("sample.prom");
    let export = |settings: &str| {
        fs::write(&file, settings).unwrap();
        world
            .export()
            .arg("--config")
            .arg(file.to_str().unwrap())
            .arg("--out")
            .arg(out.to_str().unwrap())
            .arg("--fresh")
            .arg("--sandbox=false")
            // Its own are on other machines.
            .env("CLIPCENSUS_PING_URL", "http://127.0.0.1:1/ping")
            .env("CLIPCENSUS_METRICS_FILE", metrics.to_str().unwrap())
            .run()
    };
    assert_eq!(export(sample).code, Some(0));
    let keys = sample
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| {
            line.split_once(" = ")
                .is_some_and(|(key, _)| !key.trim().contains(' '))
        });
    let program = <clipcensus::internals::Cli as clap::CommandFactory>::command();
    let export_command = program.find_subcommand("export").unwrap();
    for flag in export_command
        .get_arguments()
        .filter_map(clap::Arg::get_long)
    {
        let is_named = sample.contains(&format!("\n#{flag} = "));
        assert!(is_named || flag == "config", "no {flag} in the sample");
    }
    let mut tried = 0;
    for line in keys {
        let run = export(line.trim());
        let is_refused = run.stderr.contains("settings file");
        assert!(!is_refused, "{line}: {}", run.stderr);
        tried += 1;
    }
    assert!(tried >= 20, "only {tried} keys");
}

#[test]
fn a_flag_counts_more_than_a_file_that_says_the_same_by_another_name() {
    let world = World::new(clips(40));
    let file = world.folder.path().join("clipcensus.toml");
    fs::write(&file, "rate = 77\nall-accounts = true\n").unwrap();
    let account = world.sandbox.account_ids().remove(0);
    world
        .export()
        .without("CLIPCENSUS_RATE")
        .arg("--rate-share=0.5")
        .arg("--account")
        .arg(&account)
        .arg("--config")
        .arg(file.to_str().unwrap())
        .succeeds();
    let manifest = world.manifest();
    assert_eq!(manifest["parameters"]["rate"], 15.0);
    assert_eq!(manifest["account_ids"][0], account);
}

#[test]
fn a_tilde_in_a_variable_or_a_settings_file_is_the_home_of_the_user_and_makes_no_folder() {
    let world = World::new(clips(40));
    let home = world.folder.path().to_str().unwrap();
    let export = || world.export().without("CLIPCENSUS_OUT").env("HOME", home);
    export().env("CLIPCENSUS_OUT", "~/by-variable").succeeds();
    let settings = "out = \"~/by-file\"\nmetrics-file = \"~/by-file.prom\"\n";
    fs::write(world.folder.path().join("clipcensus.toml"), settings).unwrap();
    export()
        .env("CLIPCENSUS_CONFIG", "~/clipcensus.toml")
        .succeeds();
    fs::write(
        world.folder.path().join("secret"),
        &world.sandbox.credentials().client_secret,
    )
    .unwrap();
    export()
        .arg("--out=~/by-flag")
        .without("ZOOM_CLIENT_SECRET")
        .env("ZOOM_CLIENT_SECRET_FILE", "~/secret")
        .succeeds();
    for name in [
        "by-variable/clips",
        "by-file/clips",
        "by-flag/clips",
        "by-file.prom",
    ] {
        assert!(world.folder.path().join(name).exists(), "{name}");
    }
    let run = export().arg("--out=~nobody/census").exits(2);
    assert!(
        run.stderr.contains("write the whole path, or ./~"),
        "{}",
        run.stderr
    );
    assert!(!fs::exists("~").unwrap() && !fs::exists("~nobody").unwrap());
}

#[test]
fn a_credential_that_is_set_twice_is_refused() {
    let world = World::new(clips(1));
    let run = world
        .export()
        .env("ZOOM_CLIENT_SECRET_FILE", "/dev/null")
        .exits(2);
    let told = "ZOOM_CLIENT_SECRET and ZOOM_CLIENT_SECRET_FILE are both set: unset one of them";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn a_variable_that_does_not_exist_is_told_even_where_all_is_to_be_quiet() {
    let world = World::new(clips(40));
    let run = world
        .export()
        .env("CLIPCENSUS_OWNR", "jo@example.com")
        .arg("-q")
        .succeeds();
    let told = "CLIPCENSUS_OWNR is no variable of this program; did you mean CLIPCENSUS_OWNER?";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(!run.stderr.contains("jo@example.com"), "{}", run.stderr);
}

#[test]
fn a_credential_as_a_flag_or_in_a_settings_file_is_told_where_it_belongs_and_not_shown() {
    let world = World::new(clips(1));
    for arguments in [
        &["--client-secret=hush"][..],
        &["--client-secret", "hush"],
        &["--access-token=hush"],
        &["--account-id", "hush"],
    ] {
        let message = refused(&world, arguments);
        assert!(message.contains("credentials are never flags"), "{message}");
        assert!(message.contains("_FILE in the environment"), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }
    let message = refused(&world, &["--include-secret"]);
    assert!(message.contains("--include-secrets"), "{message}");
    let file = world.folder.path().join("clipcensus.toml");
    fs::write(&file, "client-secret = \"hush\"\n").unwrap();
    let message = refused(&world, &["--config", file.to_str().unwrap()]);
    assert!(
        message.contains("credentials are never in a file"),
        "{message}"
    );
    assert!(
        !message.contains("hush") && !message.contains("include-secrets"),
        "{message}"
    );
}

#[test]
fn a_scenario_without_end_is_refused_and_not_read() {
    let run = Program::new(&["sandbox", "--scenario", "/dev/zero"]).exits(2);
    shows(
        &run,
        &["cannot read the scenario /dev/zero: it is no regular file"],
    );
}

#[test]
fn arguments_that_are_not_understood_are_one_json_object_where_json_is_asked_for() {
    let refused: [(&[&str], &str, &str); 6] = [
        (&["--log-format=json", "export", "--oops"], "", "'--oops'"),
        (
            &["export", "--oops", "--log-format", "json"],
            "",
            "'--oops'",
        ),
        (&["export", "--oops"], "json", "'--oops'"),
        (
            &["check", "--plan=gold"],
            "json",
            "[possible values: free, pro, business]",
        ),
        (&["export", "census"], "json", "--out census"),
        (
            &["export", "--client-secret=hush"],
            "json",
            "ZOOM_CLIENT_SECRET",
        ),
    ];
    for (arguments, variable, word) in refused {
        let program = Program::new(arguments).env("CLIPCENSUS_LOG_FORMAT", variable);
        let program = if variable.is_empty() {
            program.without("CLIPCENSUS_LOG_FORMAT")
        } else {
            program
        };
        let run = program.exits(2);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        let line: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(
            (&line["level"], &line["exit_code"]),
            (&"ERROR".into(), &2.into())
        );
        let message = line["message"].as_str().unwrap();
        assert!(message.contains(word), "{message}");
        assert!(
            !message.starts_with("error") && !message.contains("Usage:"),
            "{message}"
        );
    }
    let run = Program::new(&["export", "--oops", "--log-format=text"])
        .env("CLIPCENSUS_LOG_FORMAT", "json")
        .exits(2);
    assert!(
        run.stderr
            .starts_with("error: unexpected argument '--oops'"),
        "{}",
        run.stderr
    );
    let run = Program::new(&[])
        .env("CLIPCENSUS_LOG_FORMAT", "json")
        .exits(2);
    assert!(
        run.stderr.contains("requires a subcommand"),
        "{}",
        run.stderr
    );
}
