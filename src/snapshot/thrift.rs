//! Thrift's compact protocol, in which the footers and the headers of pages of Parquet files are written.
//!
//! It is read strictly, before the library that reads Parquet does, and in as many steps as there are bytes.
//! That library takes each field that it knows to be of the type it knows, whatever the bytes say, and goes
//! by the bytes elsewhere, also through lists that are said to have billions of elements without any bytes.
//! So whatever is not of the shape that is asked for here is refused: then both read the same.

/// The types of values that are read one by one, as the compact protocol numbers them.
pub(super) mod kind {
    pub(in crate::snapshot) const I32: u8 = 5;
    pub(in crate::snapshot) const STRUCT: u8 = 12;
}

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// True or false, as a field, where the type is the value. There is no list of them in what is read here.
    Truth,
    Byte,
    I16,
    I32,
    I64,
    /// One of these numbers of 32 bits.
    OneOf(&'static [u64]),
    /// A text, or other bytes.
    Binary,
    /// So many of such values at most.
    List(&'static Self, u64),
    Struct(Fields),
}

/// The fields that a structure may have: the id of each, and what it is.
pub(super) type Fields = &'static [(u8, Shape)];

impl Shape {
    /// The type of such a value; of a truth value, that of `true`.
    const fn kind(self) -> u8 {
        match self {
            Self::Truth => 1,
            Self::Byte => 3,
            Self::I16 => 4,
            Self::I32 | Self::OneOf(_) => kind::I32,
            Self::I64 => 6,
            Self::Binary => 8,
            Self::List(..) => 9,
            Self::Struct(_) => kind::STRUCT,
        }
    }

    /// Whether a field of this type is such a value.
    const fn is_of(self, kind: u8) -> bool {
        // Type 2 is `false`.
        kind == self.kind() || kind == 2 && matches!(self, Self::Truth)
    }
}

/// Whether bytes begin with a structure that has no other fields than these.
pub(super) fn begin_with_structure(bytes: &[u8], fields: Fields) -> bool {
    Input::of(bytes).structure(fields, 0).is_some()
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
    pub(super) fn first_number(&mut self, fields: Fields) -> Option<u64> {
        let mut id = 0;
        let first = self.field(&mut id)??;
        if (id, first) != (1, kind::I32) {
            return None;
        }
        let number = self.size()?;
        self.structure(fields, id)?;
        Some(number)
    }

    /// Reads over a structure, or what is left of it behind the field of an id.
    fn structure(&mut self, fields: Fields, mut id: u8) -> Option<()> {
        while let Some(kind) = self.field(&mut id)? {
            let (_, shape) = fields.iter().find(|(known, _)| *known == id)?;
            if !shape.is_of(kind) {
                return None;
            }
            self.value(*shape)?;
        }
        Some(())
    }

    /// Reads over a value.
    pub(super) fn value(&mut self, shape: Shape) -> Option<()> {
        match shape {
            Shape::Truth => {}
            Shape::Byte => drop(self.byte()?),
            Shape::I16 | Shape::I32 | Shape::I64 => drop(self.varint()?),
            Shape::OneOf(numbers) => {
                let number = self.size()?;
                if !numbers.contains(&number) {
                    return None;
                }
            }
            Shape::Binary => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.0 = self.0.get(length..)?;
            }
            Shape::List(element, most) => {
                let byte = self.byte()?;
                let count = match byte >> 4 {
                    15 => self.varint()?,
                    count => count.into(),
                };
                // Some write an empty list without the type of its elements.
                let is_of_kind = count == 0 || byte & 0x0f == element.kind();
                if !is_of_kind || count > most {
                    return None;
                }
                for _ in 0..count {
                    self.value(*element)?;
                }
            }
            Shape::Struct(fields) => self.structure(fields, 0)?,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: Fields = &[
        (1, Shape::List(&Shape::I32, 3)),
        (2, Shape::Truth),
        (3, Shape::List(&Shape::Binary, u64::MAX)),
        (4, Shape::List(&Shape::Struct(&[(1, Shape::I64)]), u64::MAX)),
        (5, Shape::OneOf(&[0, 8])),
    ];

    fn is_structure(bytes: &[u8]) -> bool {
        begin_with_structure(bytes, FIELDS)
    }

    #[test]
    fn fields_are_those_of_the_structure_in_their_order_and_of_their_types() {
        assert!(is_structure(&[0]), "no field");
        assert!(
            is_structure(&[0x21, 0]) && is_structure(&[0x22, 0]),
            "true, false"
        );
        assert!(is_structure(&[0x19, 0, 0x11, 0]), "a list, and then true");
        assert!(!is_structure(&[0x25, 2, 0]), "a number as a truth value");
        assert!(!is_structure(&[0x18, 0, 0]), "a text as a list");
        assert!(!is_structure(&[0x61, 0]), "an unknown field");
        assert!(!is_structure(&[0x21, 0x01, 2, 0]), "an id of its own");
        assert!(!is_structure(&[0x21]), "no end");
        assert!(!is_structure(&[0x20]), "an end that has an id");
        assert!(!is_structure(&[]), "nothing");
    }

    #[test]
    fn a_number_of_which_there_are_few_is_one_of_them() {
        let is = |number: &[u8]| is_structure(&[&[0x55], number, &[0]].concat());
        assert!(is(&[0]) && is(&[16]), "0 and 8");
        for other in [&[14][..], &[15], &[0x90, 0x80, 0x80, 0x80, 0x10]] {
            assert!(!is(other), "{other:?}");
        }
        assert!(!is_structure(&[0x56, 0, 0]), "a number of another type");
    }

    #[test]
    fn lists_have_as_many_elements_of_their_type_as_there_are_bytes_for_at_most() {
        let of = |field: u8, list: &[u8]| is_structure(&[&[field << 4 | 9], list, &[0]].concat());
        assert!(of(1, &[0x00]), "an empty list without a type");
        assert!(of(1, &[0x35, 2, 4, 6]), "three numbers");
        assert!(
            of(3, &[0xf8, 1, 2, b'a', b'b']),
            "a text, counted at length"
        );
        assert!(of(4, &[0x1c, 0x16, 2, 0]), "a structure");
        assert!(!of(1, &[0x36, 2, 4, 6]), "numbers of another type");
        assert!(!of(1, &[0x35, 2]), "three numbers, of which one is there");
        assert!(!of(1, &[0x45, 2, 4, 6, 8]), "more than there may be");
        let billions = |element: u8| [0xf0 | element, 0xff, 0xff, 0xff, 0xff, 0x07];
        for truth in [1, 2] {
            assert!(
                !of(1, &billions(truth)),
                "truth values, which have no bytes"
            );
            assert!(!of(6, &billions(truth)), "in an unknown field");
        }
        assert!(!of(4, &billions(12)), "structures");
    }
}
