//! The headers of the pages of a Parquet file, read before any page is: they alone tell how much memory a
//! page takes, and the library that reads pages tells nobody.
//!
//! What is read here is read strictly: whatever another reader might take for something else is no header.

use std::io;

use crate::disk::input::FileInput;
use crate::snapshot::parquet_structures::{DATA_PAGE, DICTIONARY_PAGE};
use crate::snapshot::thrift::{Input, Shape, kind};

/// What is first read of a header, in bytes; nearly all are shorter.
const FIRST_READ: usize = 1 << 10;

/// The longest header that is read, in bytes. The statistics in it are of some hundred bytes.
const LONGEST: usize = 1 << 18;

/// The sizes of the pages of one column of a row group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PageSizes {
    /// Bytes of its dictionary, uncompressed.
    pub(super) dictionary: u64,
    /// Values that its dictionary is said to have; room is made for so many before any is read.
    pub(super) distinct: u64,
    /// Bytes of its largest other page, uncompressed.
    pub(super) largest: u64,
    /// The most bytes for each value that any other page has, uncompressed.
    pub(super) per_value: u64,
    /// Bytes of all pages, uncompressed.
    pub(super) bytes: u64,
    /// Values of all pages, nulls included.
    pub(super) values: u64,
}

/// Reads the headers of all pages that stand in `length` bytes from `start` on.
///
/// # Errors
/// When the file cannot be read; `InvalidData` where something is no header, or its page ends elsewhere
/// than the others.
pub(super) fn page_sizes(file: &FileInput, start: u64, length: u64) -> io::Result<PageSizes> {
    let (mut at, end) = (start, start.checked_add(length).ok_or_else(invalid)?);
    let mut sizes = PageSizes::default();
    while at < end {
        let header = header_at(file, at)?;
        let behind = at.checked_add(header.length + header.compressed);
        at = behind.filter(|behind| *behind <= end).ok_or_else(invalid)?;
        sizes.bytes += header.uncompressed;
        if header.kind == Kind::Dictionary {
            sizes.dictionary += header.uncompressed;
            sizes.distinct += header.values;
            continue;
        }
        sizes.largest = sizes.largest.max(header.uncompressed);
        let per_value = header.uncompressed.div_ceil(header.values.max(1));
        sizes.per_value = sizes.per_value.max(per_value);
        sizes.values += header.values;
    }
    Ok(sizes)
}

fn invalid() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a page has a header of another form than any that this program writes",
    )
}

fn header_at(file: &FileInput, at: u64) -> io::Result<Header> {
    let mut bytes = Vec::new();
    for most in [FIRST_READ, LONGEST] {
        bytes.resize(most, 0);
        let read = read_up_to(file, &mut bytes, at)?;
        let header = bytes.get(..read).and_then(Header::read);
        if let Some(header) = header {
            return Ok(header);
        }
    }
    Err(invalid())
}

fn read_up_to(file: &FileInput, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + read as u64) {
            Ok(0) => break,
            Ok(some) => read += some,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data,
    Dictionary,
}

/// What counts of the header of a page.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    kind: Kind,
    /// Bytes of the header itself.
    length: u64,
    uncompressed: u64,
    compressed: u64,
    values: u64,
}

impl Header {
    /// `None` where there is none, or not all of it.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Input::of(bytes);
        let (mut page, mut uncompressed, mut compressed, mut values) = (None, None, None, None);
        let mut id = 0;
        while let Some(field) = input.field(&mut id)? {
            match (id, field) {
                (1, kind::I32) => page = Some(input.size()?),
                (2, kind::I32) => uncompressed = Some(input.size()?),
                (3, kind::I32) => compressed = Some(input.size()?),
                (4, kind::I32) => input.value(Shape::I32)?,
                (5, kind::STRUCT) if values.is_none() => {
                    values = Some((Kind::Data, input.first_number(DATA_PAGE)?));
                }
                (7, kind::STRUCT) if values.is_none() => {
                    values = Some((Kind::Dictionary, input.first_number(DICTIONARY_PAGE)?));
                }
                // Of the page of an index nothing is known, and nobody writes one.
                _ => return None,
            }
        }
        let (kind, values) = values?;
        let is_of_kind = match kind {
            Kind::Data => page? == 0,
            Kind::Dictionary => page? == 2,
        };
        is_of_kind.then_some(Self {
            kind,
            length: (bytes.len() - input.left()) as u64,
            uncompressed: uncompressed?,
            compressed: compressed?,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use super::*;

    /// A data page of 3 values, of 100 bytes uncompressed and 4 compressed.
    const DATA: [u8; 14] = [0x15, 0, 0x15, 200, 1, 0x15, 8, 0x2c, 0x15, 6, 0x15, 0, 0, 0];

    fn data() -> Header {
        Header {
            kind: Kind::Data,
            length: 14,
            uncompressed: 100,
            compressed: 4,
            values: 3,
        }
    }

    #[test]
    fn the_sizes_of_a_page_stand_in_its_header() {
        assert_eq!(Header::read(&DATA).unwrap(), data());
        for short in 0..14 {
            assert_eq!(Header::read(&DATA[..short]), None, "{short}");
        }
    }

    #[test]
    fn what_another_reader_might_read_as_other_sizes_is_no_header() {
        let changed = |at: usize, byte: u8| {
            let mut bytes = DATA;
            bytes[at] = byte;
            Header::read(&bytes)
        };
        assert_eq!(changed(0, 0x16), None, "the type of the page as 64 bits");
        assert_eq!(changed(1, 2), None, "a page of an index");
        assert_eq!(changed(3, 201), None, "a negative size");
        assert_eq!(changed(5, 0x05), None, "an id of its own");
        assert_eq!(changed(7, 0x4c), None, "the values of a dictionary");
        assert_eq!(changed(7, 0x29), None, "a list");
        assert_eq!(changed(11, 14), None, "an encoding of differences");
        let long = [
            0x15, 0, 0x15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1,
        ];
        assert_eq!(Header::read(&long), None, "a size of more than 32 bits");
    }

    #[test]
    fn the_pages_of_a_column_are_added_up_and_none_may_end_behind_it() {
        let mut file = tempfile::tempfile().unwrap();
        let page = [&DATA[..], b"page"].concat();
        file.write_all(&page.repeat(2)).unwrap();
        let length = page.len() as u64;
        let sizes = PageSizes {
            dictionary: 0,
            distinct: 0,
            largest: 100,
            per_value: 34,
            bytes: 200,
            values: 6,
        };
        let file = FileInput::new(file, Path::new("part-00000.parquet"));
        assert_eq!(page_sizes(&file, 0, 2 * length).unwrap(), sizes);
        for wrong in [2 * length - 1, 2 * length + 1, u64::MAX] {
            page_sizes(&file, 1, wrong).unwrap_err();
            page_sizes(&file, 0, wrong).unwrap_err();
        }
    }
}
