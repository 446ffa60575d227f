//! The words of `#[results]`: every field is a result.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Field, Fields, ItemStruct, LitStr, Path, Type, Visibility};

use crate::support::comments::{comment, docs};
use crate::support::errors::Errors;
use crate::support::items::{struct_with_named_fields, without_cfg};
use crate::support::names::private;
use crate::support::options::{Given, Options};
use crate::support::serde::Serde;

const SET_OPTIONS: &[&str] = &["crate"];
const RESULT_OPTIONS: &[&str] = &["unit", "dims", "compress", "alias", "serde", "group"];

/// A struct with `#[results]`.
#[derive(Debug)]
pub(crate) struct ResultSet {
    /// The user's struct, without helper attributes.
    pub(crate) item: ItemStruct,
    /// The module that generated code speaks through.
    pub(crate) private: Path,
    pub(crate) results: Vec<ResultField>,
}

/// One field.
#[derive(Debug)]
pub(crate) struct ResultField {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) comment: String,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) unit: Option<LitStr>,
    pub(crate) dims: Option<Given>,
    pub(crate) compress: Option<Given>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) serde: Option<Serde>,
    /// The option `group`.
    pub(crate) group: Option<Ident>,
}

impl ResultSet {
    /// Reads the item; `None` if it is no struct with named fields.
    pub(crate) fn parse(options: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let mut item = struct_with_named_fields(item, "results", errors)?;
        let mut options = Options::parse(options, SET_OPTIONS, errors);
        let private = private(options.path("crate", errors));
        let Fields::Named(fields) = &mut item.fields else { return None };
        let mut results: Vec<ResultField> = Vec::new();
        for mut field in std::mem::take(&mut fields.named) {
            let result = ResultField::parse(&mut field, errors)?;
            if results.iter().any(|earlier| earlier.ident == result.ident) {
                let ident = &result.ident;
                errors.at(ident, format_args!("result `{ident}` is declared twice; rename one of them"));
                continue;
            }
            results.push(result);
            fields.named.push(field);
        }
        Some(Self { item, private, results })
    }
}

impl ResultField {
    fn parse(field: &mut Field, errors: &mut Errors) -> Option<Self> {
        let mut options = Options::of_helper(&field.attrs, "result", RESULT_OPTIONS, errors).unwrap_or_default();
        field.attrs.retain(|attribute| !attribute.path().is_ident("result"));
        without_cfg(field, errors);
        Some(Self {
            ident: field.ident.clone()?,
            vis: field.vis.clone(),
            ty: field.ty.clone(),
            comment: comment(&field.attrs),
            docs: docs(&field.attrs),
            unit: options.string("unit", errors),
            dims: options.one("dims", errors),
            compress: options.one("compress", errors),
            aliases: options.all("alias").into_iter().filter_map(|given| errors.take(given.into_string())).collect(),
            serde: Serde::read(&mut options, errors),
            group: options.one("group", errors).map(|given| given.name),
        })
    }
}
