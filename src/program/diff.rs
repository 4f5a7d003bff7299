//! The command `diff`.

use std::io::{BufWriter, ErrorKind, IsTerminal, Write, stdout};

use arrow::array::RecordBatch;

use crate::clip::difference::difference_schema;
use crate::clip::owner::People;
use crate::diff::{Choice, DiffError, Only, Sides, Wanted, diff, json_lines};
use crate::error::Error;
use crate::model::Verdict;
use crate::model::exit_code::ExitCode;
use crate::program::stdout::print;
use crate::report::section::Section;
use crate::report::{Changes, changes_page, markdown_of, text_of};
use crate::settings::args::{DiffArgs, DiffFormat, DifferenceKind};
use crate::snapshot::csv::{CsvMode, CsvWriter};
use crate::snapshot::parquet::ParquetWriter;
use crate::snapshot::read_owners;
use crate::snapshot::rowset::Rowset;

/// Compares two snapshots, and shows what differs.
pub(super) fn run_diff(args: &DiffArgs) -> Result<ExitCode, Error> {
    if args.format == DiffFormat::Parquet && stdout().is_terminal() {
        return Err(DiffError::Terminal.into());
    }
    let sides = Sides::choose(
        &args.out,
        Choice {
            from: args.from,
            to: args.to,
            allow_unproven: args.allow_incomplete,
        },
    )?;
    let wanted = Wanted {
        only: args.only.iter().map(|kind| only(*kind)).collect(),
        ignored: args.ignore.clone(),
    };
    let mut changes = Changes::since(sides.from.manifest.date());
    let shown = match args.format {
        DiffFormat::Text | DiffFormat::Markdown => {
            let mut nothing = |_: &RecordBatch| Ok(());
            compare(&sides, &wanted, &mut changes, &mut nothing)?;
            let sections = sections(args, &sides, &changes, &people(&sides)?);
            let is_text = args.format == DiffFormat::Text;
            let page = if is_text { text_of } else { markdown_of };
            return print(&page(&sections)).map(|()| code(args, &changes));
        }
        DiffFormat::Json => {
            let mut output = BufWriter::new(stdout());
            let mut write =
                |batch: &RecordBatch| json_lines(batch, &mut output).map_err(DiffError::Output);
            compare(&sides, &wanted, &mut changes, &mut write)
                .and_then(|()| output.flush().map_err(DiffError::Output))
        }
        DiffFormat::Csv => csv(&sides, &wanted, &mut changes),
        DiffFormat::Parquet => parquet(&sides, &wanted, &mut changes),
    };
    match shown {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(DiffError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {}
        shown => shown?,
    }
    Ok(code(args, &changes))
}

/// Compares, counts, and hands on.
fn compare(
    sides: &Sides,
    wanted: &Wanted,
    changes: &mut Changes,
    write: &mut dyn FnMut(&RecordBatch) -> Result<(), DiffError>,
) -> Result<(), DiffError> {
    diff(sides.from.rows()?, sides.to.rows()?, wanted, &mut |batch| {
        changes.add(batch);
        write(batch)
    })
}

/// What is said in words.
fn sections(args: &DiffArgs, sides: &Sides, changes: &Changes, people: &People) -> Vec<Section> {
    let only: Vec<&str> = args.only.iter().map(|kind| name(*kind)).collect();
    let only = match only.as_slice() {
        [] => String::new(),
        some => format!(", only {}", some.join(" or ")),
    };
    let heading = format!(
        "Changes from {} to {}{only}",
        sides.from.manifest.date(),
        sides.to.manifest.date()
    );
    let owner = |id: Option<&str>| {
        let Some(id) = id else {
            return "(no owner)".to_owned();
        };
        let person = people.get(id);
        let name = person.and_then(|it| it.name.as_deref().or(it.email.as_deref()));
        name.unwrap_or(id).to_owned()
    };
    let mut sections = changes_page::sections(heading, changes, owner);
    for side in [&sides.from.manifest, &sides.to.manifest] {
        if side.verdict != Verdict::Verified {
            sections[0].lines.insert(
                0,
                format!(
                    "WARNING: the snapshot of {} is {}: clips that it lacks may be there all the same.",
                    side.date(),
                    side.verdict.name()
                ),
            );
        }
    }
    sections
}

fn csv(sides: &Sides, wanted: &Wanted, changes: &mut Changes) -> Result<(), DiffError> {
    let output = BufWriter::new(stdout());
    let lines = CsvWriter::new(output, CsvMode::Spreadsheet, &difference_schema());
    let mut lines = lines.map_err(DiffError::Output)?;
    compare(sides, wanted, changes, &mut |batch| {
        lines.write(batch).map_err(DiffError::Output)
    })?;
    lines.into_inner().flush().map_err(DiffError::Output)
}

fn parquet(sides: &Sides, wanted: &Wanted, changes: &mut Changes) -> Result<(), DiffError> {
    let output = BufWriter::new(stdout());
    let mut rows = ParquetWriter::new(output, Rowset::Differences).map_err(DiffError::parquet)?;
    compare(sides, wanted, changes, &mut |batch| {
        rows.write(batch).map_err(DiffError::parquet)
    })?;
    let mut output = rows.finish().map_err(DiffError::parquet)?;
    output.flush().map_err(DiffError::Output)
}

fn only(kind: DifferenceKind) -> Only {
    match kind {
        DifferenceKind::Opened => Only::Opened,
        DifferenceKind::Closed => Only::Closed,
        DifferenceKind::New => Only::New,
        DifferenceKind::Gone => Only::Gone,
        DifferenceKind::Changed => Only::Changed,
    }
}

fn name(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Opened => "opened",
        DifferenceKind::Closed => "closed",
        DifferenceKind::New => "new",
        DifferenceKind::Gone => "gone",
        DifferenceKind::Changed => "changed",
    }
}

/// Who the owners are, as far as the two snapshots say so; the later one is right.
fn people(sides: &Sides) -> Result<People, Error> {
    let mut people = People::new();
    for side in [&sides.from, &sides.to] {
        people.extend(read_owners(&side.layout, &side.manifest)?);
    }
    Ok(people)
}

fn code(args: &DiffArgs, changes: &Changes) -> ExitCode {
    if args.exit_code && changes.differences() > 0 {
        ExitCode::Findings
    } else {
        ExitCode::Success
    }
}
