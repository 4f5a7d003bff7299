//! The structures in a Parquet file that this program writes: the footer, and what stands in headers of pages.
//!
//! They are those of `parquet.thrift` of the Parquet format, without what no file of ours has: encryption,
//! pages of indexes and of the second version, and the logical types of other columns.

use crate::snapshot::thrift::{Fields, Shape};

/// The most columns of a file, and the most fields of a schema. Ours have a few dozen; the library takes some
/// hundred bytes for each.
const MOST_COLUMNS: u64 = 256;

/// The most elements of what is listed for a single column.
const MOST_OF_COLUMN: u64 = 64;

/// `FileMetaData`.
pub(super) const FILE: Fields = &[
    (1, Shape::I32), // version
    (2, Shape::List(&Shape::Struct(SCHEMA_ELEMENT), MOST_COLUMNS)),
    (3, Shape::I64), // num_rows
    (4, Shape::List(&Shape::Struct(ROW_GROUP), u64::MAX)),
    (5, KEY_VALUES),
    (6, Shape::Binary), // created_by
    (7, Shape::List(&Shape::Struct(COLUMN_ORDER), MOST_COLUMNS)),
];

/// `DataPageHeader`.
pub(super) const DATA_PAGE: Fields = &[
    (1, Shape::I32), // num_values
    (2, Shape::OneOf(&[PLAIN, RLE_DICTIONARY])),
    (3, Shape::OneOf(&[RLE])), // definition_level_encoding
    (4, Shape::OneOf(&[RLE])), // repetition_level_encoding
    (5, Shape::Struct(STATISTICS)),
];

/// `DictionaryPageHeader`.
pub(super) const DICTIONARY_PAGE: Fields = &[
    (1, Shape::I32), // num_values
    (2, Shape::OneOf(&[PLAIN])),
    (3, Shape::Truth), // is_sorted
];

/// Of `Encoding`, those that a page may have: they take no more memory than the page has bytes, or, of a
/// dictionary, an index for each value that is asked for. The encodings of differences say themselves how many
/// values they have, and a text of theirs repeats that before it: a few bytes stand for gigabytes.
const PLAIN: u64 = 0;
const RLE: u64 = 3;
const RLE_DICTIONARY: u64 = 8;

const SCHEMA_ELEMENT: Fields = &[
    (1, Shape::I32),    // type
    (2, Shape::I32),    // type_length
    (3, Shape::I32),    // repetition_type
    (4, Shape::Binary), // name
    (5, Shape::I32),    // num_children
    (6, Shape::I32),    // converted_type
    (7, Shape::I32),    // scale
    (8, Shape::I32),    // precision
    (9, Shape::I32),    // field_id
    (10, Shape::Struct(LOGICAL_TYPE)),
];

const LOGICAL_TYPE: Fields = &[
    (1, EMPTY), // STRING
    (3, EMPTY), // LIST
    (6, EMPTY), // DATE
    (8, Shape::Struct(TIMESTAMP)),
    (10, Shape::Struct(INTEGER)),
];

const EMPTY: Shape = Shape::Struct(&[]);

const TIMESTAMP: Fields = &[
    (1, Shape::Truth), // isAdjustedToUTC
    (2, Shape::Struct(TIME_UNIT)),
];

const TIME_UNIT: Fields = &[(1, EMPTY), (2, EMPTY), (3, EMPTY)];

const INTEGER: Fields = &[
    (1, Shape::Byte),  // bitWidth
    (2, Shape::Truth), // isSigned
];

const ROW_GROUP: Fields = &[
    (1, Shape::List(&Shape::Struct(COLUMN_CHUNK), MOST_COLUMNS)),
    (2, Shape::I64), // total_byte_size
    (3, Shape::I64), // num_rows
    (4, Shape::List(&Shape::Struct(SORTING_COLUMN), MOST_COLUMNS)),
    (5, Shape::I64), // file_offset
    (6, Shape::I64), // total_compressed_size
    (7, Shape::I16), // ordinal
];

const SORTING_COLUMN: Fields = &[
    (1, Shape::I32),   // column_idx
    (2, Shape::Truth), // descending
    (3, Shape::Truth), // nulls_first
];

const COLUMN_CHUNK: Fields = &[
    (1, Shape::Binary), // file_path
    (2, Shape::I64),    // file_offset
    (3, Shape::Struct(COLUMN)),
    (4, Shape::I64), // offset_index_offset
    (5, Shape::I32), // offset_index_length
    (6, Shape::I64), // column_index_offset
    (7, Shape::I32), // column_index_length
];

/// `ColumnMetaData`.
const COLUMN: Fields = &[
    (1, Shape::I32),                                  // type
    (2, Shape::List(&Shape::I32, MOST_OF_COLUMN)),    // encodings
    (3, Shape::List(&Shape::Binary, MOST_OF_COLUMN)), // path_in_schema
    (4, Shape::I32),                                  // codec
    (5, Shape::I64),                                  // num_values
    (6, Shape::I64),                                  // total_uncompressed_size
    (7, Shape::I64),                                  // total_compressed_size
    (8, KEY_VALUES),
    (9, Shape::I64),  // data_page_offset
    (10, Shape::I64), // index_page_offset
    (11, Shape::I64), // dictionary_page_offset
    (12, Shape::Struct(STATISTICS)),
    (
        13,
        Shape::List(&Shape::Struct(PAGE_ENCODING), MOST_OF_COLUMN),
    ),
    (14, Shape::I64), // bloom_filter_offset
    (15, Shape::I32), // bloom_filter_length
    (16, Shape::Struct(SIZES)),
];

const STATISTICS: Fields = &[
    (1, Shape::Binary), // max
    (2, Shape::Binary), // min
    (3, Shape::I64),    // null_count
    (4, Shape::I64),    // distinct_count
    (5, Shape::Binary), // max_value
    (6, Shape::Binary), // min_value
    (7, Shape::Truth),  // is_max_value_exact
    (8, Shape::Truth),  // is_min_value_exact
    (9, Shape::I64),    // nan_count
];

/// `PageEncodingStats`.
const PAGE_ENCODING: Fields = &[
    (1, Shape::I32), // page_type
    (2, Shape::I32), // encoding
    (3, Shape::I32), // count
];

/// `SizeStatistics`.
const SIZES: Fields = &[
    (1, Shape::I64),                               // unencoded_byte_array_data_bytes
    (2, Shape::List(&Shape::I64, MOST_OF_COLUMN)), // repetition_level_histogram
    (3, Shape::List(&Shape::I64, MOST_OF_COLUMN)), // definition_level_histogram
];

const KEY_VALUES: Shape = Shape::List(&Shape::Struct(KEY_VALUE), MOST_OF_COLUMN);

const KEY_VALUE: Fields = &[
    (1, Shape::Binary), // key
    (2, Shape::Binary), // value
];

const COLUMN_ORDER: Fields = &[
    (1, EMPTY), // TYPE_ORDER
    (2, EMPTY), // IEEE_754_TOTAL_ORDER
];
