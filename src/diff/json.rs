//! Rows as JSON lines: an object a row, with the names of the columns.

use std::io;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use serde_json::{Map, Value};

use crate::model::time::write_micros;
use crate::redact::visible_json::write_json_line;

/// Writes the rows of a batch. Dates are `2026-11-23`, instants as in a snapshot's CSV; nulls are null.
///
/// # Errors
/// Those of `output`.
pub(crate) fn json_lines(
    rows: &RecordBatch,
    output: &mut (impl io::Write + ?Sized),
) -> io::Result<()> {
    let schema = rows.schema();
    for row in 0..rows.num_rows() {
        let cells = schema.fields().iter().zip(rows.columns());
        let object: Map<String, Value> = cells
            .map(|(field, column)| (field.name().clone(), value(column, row)))
            .collect();
        write_json_line(output, &object)?;
    }
    Ok(())
}

fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Date32 => {
            let date = column.as_primitive::<Date32Type>().value_as_date(row);
            date.map(|date| date.to_string()).into()
        }
        DataType::Timestamp(..) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            let mut text = String::new();
            write_micros(&mut text, micros).map(|()| text).into()
        }
        DataType::List(_) => {
            let values = column.as_list::<i32>().value(row);
            values.as_string::<i32>().iter().flatten().collect()
        }
        _ => column.as_string::<i32>().value(row).into(),
    }
}
