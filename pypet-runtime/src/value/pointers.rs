//! Values behind pointers, stored as what they point at.

use std::borrow::Cow;
use std::sync::Arc;

use super::scalars::scalar_value;
use super::{Cell, Cells, Element, ElementType, Item, ParamValue, ParseValueError, ResultValue, ValueError, ValueType};

macro_rules! pointers {
    ($($pointer:ident<$value:ident: $as_result:ident $(+ $sync:ident)?>),*) => { $(
        impl<$value: $as_result $(+ $sync)?> ResultValue for $pointer<$value> {
            type Column = $value::Column;

            fn value_type() -> ValueType {
                $value::value_type()
            }

            fn write(&self, cells: &mut Cells) {
                $value::write(self, cells);
            }

            fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
                $value::read(cell).map(Self::new)
            }

            fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
                $value::read_column(cells)
            }
        }

        impl<$value: ParamValue> ParamValue for $pointer<$value> {
            fn parse(text: &str) -> Result<Self, ParseValueError> {
                $value::parse(text).map(Self::new)
            }

            fn from_f64(number: f64) -> Option<Self> {
                $value::from_f64(number).map(Self::new)
            }
        }

        impl<$value: Item> ResultValue for $pointer<[$value]> {
            type Column = <Vec<$value> as ResultValue>::Column;

            fn value_type() -> ValueType {
                Vec::<$value>::value_type()
            }

            fn write(&self, cells: &mut Cells) {
                super::arrays::write_items(self, cells);
            }

            fn read(cell: Cell<'_>) -> Result<Self, ValueError> {
                Vec::read(cell).map(Into::into)
            }

            fn read_column(cells: &Cells) -> Result<Self::Column, ValueError> {
                Vec::<$value>::read_column(cells)
            }
        }

        impl<$value: Item> ParamValue for $pointer<[$value]> {
            fn parse(text: &str) -> Result<Self, ParseValueError> {
                Vec::parse(text).map(Into::into)
            }
        }
    )* };
}

pointers!(Box<T: ResultValue>, Arc<T: ResultValue + Sync>);

macro_rules! texts {
    ($($type:ty),*) => { $(
        impl Element for $type {
            const TYPE: ElementType = ElementType::Text;

            fn put_all<'a>(elements: impl Iterator<Item = &'a Self>, cells: &mut Cells) {
                elements.for_each(|text| cells.put_str(text));
            }

            fn take_all(cell: &Cell<'_>) -> Result<Vec<Self>, ValueError> {
                Ok(cell.strings().map(|text| text.to_owned().into()).collect())
            }

            fn parse_element(text: &str) -> Result<Self, ParseValueError> {
                String::parse_element(text).map(Into::into)
            }
        }

        scalar_value!($type);
    )* };
}

texts!(Cow<'static, str>, Box<str>, Arc<str>);
