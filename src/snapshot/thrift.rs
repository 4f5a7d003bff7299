//! Thrift's compact protocol, in which the footers and the headers of pages of Parquet files are written.
//!
//! It is read strictly, in time and memory that the bytes bound, and before the library that reads Parquet
//! does: that one goes through lists that are said to have billions of elements without any bytes.

/// How deep structures and lists may stand in each other.
const DEEPEST: u8 = 8;

/// Whether bytes begin with a structure that a reader who goes by the types of its fields goes through in as
/// many steps as it has bytes. The library takes the fields it knows to be of the types it knows, so that
/// bytes made for it can mean something else there.
pub(super) fn begin_with_structure(bytes: &[u8]) -> bool {
    Input::of(bytes).skip(kind::STRUCT, 0).is_some()
}

/// Types of fields, as the compact protocol numbers them.
pub(super) mod kind {
    pub(in crate::snapshot) const TRUE: u8 = 1;
    pub(in crate::snapshot) const FALSE: u8 = 2;
    pub(in crate::snapshot) const I8: u8 = 3;
    pub(in crate::snapshot) const I16: u8 = 4;
    pub(in crate::snapshot) const I32: u8 = 5;
    pub(in crate::snapshot) const I64: u8 = 6;
    pub(in crate::snapshot) const DOUBLE: u8 = 7;
    pub(in crate::snapshot) const BINARY: u8 = 8;
    pub(in crate::snapshot) const LIST: u8 = 9;
    pub(in crate::snapshot) const STRUCT: u8 = 12;
}

/// What is still to be read.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes that are still to be read.
    pub(super) const fn left(&self) -> usize {
        self.0.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number of 32 bits that is not negative.
    pub(super) fn size(&mut self) -> Option<u64> {
        let zigzag = self.varint()?;
        let is_size = zigzag & 1 == 0 && zigzag >> 1 <= i32::MAX.unsigned_abs().into();
        is_size.then_some(zigzag >> 1)
    }

    /// The type of the next field, whose id goes into `id`; the inner `None` at the end of the structure.
    /// Ids must rise, so that no field comes twice.
    #[expect(
        clippy::option_option,
        reason = "the end of a structure and of the input are different things"
    )]
    pub(super) fn field(&mut self, id: &mut u8) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        let (delta, kind) = (byte >> 4, byte & 0x0f);
        if delta == 0 {
            return None;
        }
        *id = id.checked_add(delta)?;
        Some(Some(kind))
    }

    /// Reads a structure, of which the first field, a number, counts.
    pub(super) fn first_number(&mut self) -> Option<u64> {
        let mut id = 0;
        let first = self.field(&mut id)??;
        if (id, first) != (1, kind::I32) {
            return None;
        }
        let number = self.size()?;
        while let Some(field) = self.field(&mut id)? {
            self.skip(field, 1)?;
        }
        Some(number)
    }

    /// How many elements a list has, and of which type. Each takes a byte at least; there is no list of truth
    /// values in what is read here, and other readers take theirs to have no bytes.
    fn list(&mut self) -> Option<(usize, u8)> {
        let byte = self.byte()?;
        let (count, element) = (byte >> 4, byte & 0x0f);
        let count = match count {
            15 => usize::try_from(self.varint()?).ok()?,
            count => count.into(),
        };
        let is_empty = count == 0;
        let is_list = is_empty || count <= self.left() && element > kind::FALSE;
        is_list.then_some((count, element))
    }

    /// Reads over a value of a type, which stands in so many others.
    pub(super) fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE => {}
            kind::I8 => drop(self.byte()?),
            kind::I16 | kind::I32 | kind::I64 => drop(self.varint()?),
            kind::DOUBLE => self.0 = self.0.get(8..)?,
            kind::BINARY => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.0 = self.0.get(length..)?;
            }
            kind::STRUCT if depth < DEEPEST => {
                let mut id = 0;
                while let Some(field) = self.field(&mut id)? {
                    self.skip(field, depth + 1)?;
                }
            }
            kind::LIST if depth < DEEPEST => {
                let (count, element) = self.list()?;
                for _ in 0..count {
                    self.skip(element, depth + 1)?;
                }
            }
            // Parquet has no set and no map.
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_as_many_elements_as_there_are_bytes_for_at_most() {
        let of = |list: &[u8]| begin_with_structure(&[&[0x19], list, &[0]].concat());
        assert!(of(&[0x00]), "an empty list without a type");
        assert!(of(&[0x35, 2, 4, 6]), "three numbers");
        assert!(of(&[0xf8, 1, 2, b'a', b'b']), "a text, counted at length");
        assert!(of(&[0x1c, 0x15, 2, 0]), "a structure");
        assert!(!of(&[0x35, 2]), "three numbers, of which one is there");
        for truth in [kind::TRUE, kind::FALSE] {
            let billions = [0xf0 | truth, 0xff, 0xff, 0xff, 0xff, 0x07];
            assert!(!of(&billions), "truth values, which have no bytes");
            assert!(!of(&[0x10 | truth, 1]), "truth values");
        }
        assert!(!of(&[0xfc, 0xff, 0xff, 0xff, 0xff, 0x07]), "structures");
    }

    #[test]
    fn what_stands_too_deep_or_has_no_end_is_no_structure() {
        for (depth, is_structure) in [(7, true), (8, false)] {
            let nested = [vec![0x1c; depth], vec![0; depth + 1]].concat();
            assert_eq!(begin_with_structure(&nested), is_structure, "{depth}");
        }
        assert!(!begin_with_structure(&[0x15, 2]));
        assert!(!begin_with_structure(&[0x1b, 1, 0x11, 0]), "a map");
    }
}
