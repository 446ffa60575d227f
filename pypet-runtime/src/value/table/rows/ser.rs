//! From structs to columns.

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::{Growing, Problem, Taken};
use crate::value::json::to_text;
use crate::value::{Cell, Cells, ElementType, ResultValue, ValueError, ValueType};

/// Takes a row apart, or one field of it.
pub(super) struct Taker<'t> {
    table: &'t mut Growing,
    /// The column; a whole row has none.
    field: Option<usize>,
    is_optional: bool,
}

impl<'t> Taker<'t> {
    pub(super) fn of_row(table: &'t mut Growing) -> Self {
        Self { table, field: None, is_optional: false }
    }

    fn put<V>(self, value: V) -> Taken
    where
        V: ResultValue,
        Option<V>: ResultValue,
    {
        fn put_none<V>(cells: &mut Cells) -> bool
        where
            Option<V>: ResultValue,
        {
            None::<V>.write(cells);
            true
        }
        let field = self.field.ok_or(Problem::HasParts)?;
        if self.is_optional {
            return self.table.put(field, &Some(value), put_none::<V>);
        }
        self.table.put(field, &value, |_| false)
    }
}

/// The fields of a row.
pub(super) struct Fields<'t> {
    table: &'t mut Growing,
    key: String,
}

impl Fields<'_> {
    fn take<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Taken {
        let field = self.table.field(name);
        match value.serialize(Taker { table: self.table, field: Some(field), is_optional: false }) {
            Err(Problem::HasParts) => {
                let text = to_text(&value).map_err(|problem| Problem::Said(format!("`{name}`: {problem}")))?;
                self.table.put(field, &Parts(text), |cells| {
                    cells.push_str("null");
                    true
                })
            }
            taken => taken,
        }
    }
}

/// JSON text of a value that has parts.
struct Parts(String);

impl ResultValue for Parts {
    type Column = Vec<Self>;

    fn value_type() -> ValueType {
        ValueType::scalar(ElementType::Text).with_encoding("json")
    }

    fn write(&self, cells: &mut Cells) {
        cells.push_str(&self.0);
    }

    fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
        String::read(cell).map(Self)
    }

    fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
        Self::read_all(cells)
    }
}

/// `fn method(self, value: type)` puts what the expression makes of the value.
macro_rules! leaves {
    ($($method:ident($value:ident: $type:ty) $put:expr;)*) => { $(
        fn $method(self, $value: $type) -> Taken {
            self.put($put)
        }
    )* };
}

macro_rules! with_parts {
    ($($method:ident($($argument:ty),*) -> $parts:ident;)*) => { $(
        fn $method(self, $(_: $argument),*) -> Result<Self::$parts, Problem> {
            Err(Problem::HasParts)
        }
    )* };
}

impl<'t> Serializer for Taker<'t> {
    type Ok = ();
    type Error = Problem;
    type SerializeSeq = Impossible<(), Problem>;
    type SerializeTuple = Impossible<(), Problem>;
    type SerializeTupleStruct = Impossible<(), Problem>;
    type SerializeTupleVariant = Impossible<(), Problem>;
    type SerializeMap = Fields<'t>;
    type SerializeStruct = Fields<'t>;
    type SerializeStructVariant = Impossible<(), Problem>;

    leaves! {
        serialize_bool(x: bool) x;
        serialize_i8(x: i8) x;
        serialize_i16(x: i16) x;
        serialize_i32(x: i32) x;
        serialize_i64(x: i64) x;
        serialize_i128(x: i128) x;
        serialize_u8(x: u8) x;
        serialize_u16(x: u16) x;
        serialize_u32(x: u32) x;
        serialize_u64(x: u64) x;
        serialize_u128(x: u128) x;
        serialize_f32(x: f32) x;
        serialize_f64(x: f64) x;
        serialize_char(x: char) x.to_string();
        serialize_str(x: &str) x.to_owned();
    }

    with_parts! {
        serialize_seq(Option<usize>) -> SerializeSeq;
        serialize_tuple(usize) -> SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant;
    }

    fn serialize_bytes(self, _: &[u8]) -> Taken {
        Err(Problem::HasParts)
    }

    fn serialize_unit(self) -> Taken {
        Err(Problem::HasParts)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Taken {
        Err(Problem::HasParts)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Taken {
        self.put(variant.to_owned())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Taken {
        Err(Problem::HasParts)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Taken {
        value.serialize(self)
    }

    fn serialize_none(self) -> Taken {
        // The end of the row puts what stands for nothing.
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Taken {
        value.serialize(Self { is_optional: true, ..self })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields<'t>, Problem> {
        if self.field.is_some() { Err(Problem::HasParts) } else { Ok(Fields { table: self.table, key: String::new() }) }
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'t>, Problem> {
        self.serialize_map(None)
    }
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Taken {
        self.take(key, value)
    }

    fn end(self) -> Taken {
        Ok(())
    }
}

impl ser::SerializeMap for Fields<'_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Taken {
        let key = to_text(&key).map_err(|problem| Problem::Said(problem.to_string()))?;
        self.key = serde_json::from_str(&key).map_err(|_| Problem::HasParts)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Taken {
        let key = std::mem::take(&mut self.key);
        self.take(&key, value)
    }

    fn end(self) -> Taken {
        Ok(())
    }
}
