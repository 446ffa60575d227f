//! From values to trees.

use serde::ser::{self, Serialize, Serializer};

use super::JsonError;
use super::tree::Tree;

/// Takes values apart.
pub(super) struct ToTree;

/// A value with parts that is being taken apart: a list, a map, or either of them in a variant.
pub(super) struct Parts {
    variant: Option<&'static str>,
    list: Vec<Tree>,
    map: Vec<(String, Tree)>,
    key: String,
}

type Result<T> = std::result::Result<T, JsonError>;

fn parts(variant: Option<&'static str>) -> Parts {
    Parts { variant, list: Vec::new(), map: Vec::new(), key: String::new() }
}

fn named(variant: Option<&'static str>, tree: Tree) -> Tree {
    match variant {
        Some(name) => Tree::Map(vec![(name.to_owned(), tree)]),
        None => tree,
    }
}

fn whole(number: i128) -> Tree {
    u128::try_from(number).map_or(Tree::Negative(number), Tree::Whole)
}

/// `fn method(self, value: type) -> Tree`
macro_rules! leaves {
    ($($method:ident($value:ident: $type:ty) $tree:expr;)*) => { $(
        fn $method(self, $value: $type) -> Result<Tree> {
            Ok($tree)
        }
    )* };
}

impl Serializer for ToTree {
    type Ok = Tree;
    type Error = JsonError;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    leaves! {
        serialize_bool(x: bool) Tree::Bool(x);
        serialize_i8(x: i8) whole(x.into());
        serialize_i16(x: i16) whole(x.into());
        serialize_i32(x: i32) whole(x.into());
        serialize_i64(x: i64) whole(x.into());
        serialize_i128(x: i128) whole(x);
        serialize_u8(x: u8) Tree::Whole(x.into());
        serialize_u16(x: u16) Tree::Whole(x.into());
        serialize_u32(x: u32) Tree::Whole(x.into());
        serialize_u64(x: u64) Tree::Whole(x.into());
        serialize_u128(x: u128) Tree::Whole(x);
        serialize_f32(x: f32) Tree::Single(x);
        serialize_f64(x: f64) Tree::Float(x);
        serialize_char(x: char) Tree::Text(x.into());
        serialize_str(x: &str) Tree::Text(x.into());
        serialize_bytes(x: &[u8]) Tree::List(x.iter().map(|&byte| Tree::Whole(byte.into())).collect());
        serialize_unit_struct(_name: &'static str) Tree::Null;
    }

    fn serialize_none(self) -> Result<Tree> {
        Ok(Tree::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree> {
        match value.serialize(ToTree)? {
            // A stored `null` could be either.
            Tree::Null => Err(JsonError("`Some` of something that is `null` in JSON would come back as `None`".into())),
            tree => Ok(tree),
        }
    }

    fn serialize_unit(self) -> Result<Tree> {
        Ok(Tree::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Tree> {
        Ok(Tree::Text(variant.into()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Tree> {
        value.serialize(ToTree)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree> {
        Ok(named(Some(variant), value.serialize(ToTree)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts> {
        Ok(parts(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts> {
        Ok(parts(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts> {
        Ok(parts(None))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Parts> {
        Ok(parts(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts> {
        Ok(parts(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts> {
        Ok(parts(None))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Parts> {
        Ok(parts(Some(variant)))
    }
}

macro_rules! lists {
    ($($trait:ident: $add:ident),*) => { $(
        impl ser::$trait for Parts {
            type Ok = Tree;
            type Error = JsonError;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.list.push(value.serialize(ToTree)?);
                Ok(())
            }

            fn end(self) -> Result<Tree> {
                Ok(named(self.variant, Tree::List(self.list)))
            }
        }
    )* };
}

lists!(
    SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

macro_rules! structs {
    ($($trait:ident),*) => { $(
        impl ser::$trait for Parts {
            type Ok = Tree;
            type Error = JsonError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
                self.map.push((key.into(), value.serialize(ToTree)?));
                Ok(())
            }

            fn end(self) -> Result<Tree> {
                Ok(named(self.variant, Tree::Map(self.map)))
            }
        }
    )* };
}

structs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Parts {
    type Ok = Tree;
    type Error = JsonError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = match key.serialize(ToTree)? {
            Tree::Text(text) => text,
            number @ (Tree::Whole(_) | Tree::Negative(_) | Tree::Bool(_)) => number.to_string(),
            other => return Err(JsonError(format!("`{other}` is a key of a map, but keys in JSON are text"))),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.map.push((std::mem::take(&mut self.key), value.serialize(ToTree)?));
        Ok(())
    }

    fn end(self) -> Result<Tree> {
        Ok(Tree::Map(self.map))
    }
}
