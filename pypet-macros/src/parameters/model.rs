//! The words of `#[parameters]`: a set has members, which are parameters or groups.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Expr, Field, Fields, ItemStruct, LitStr, Path, Type, Visibility};

use crate::support::comments::{comment, docs};
use crate::support::errors::Errors;
use crate::support::items::{derived_traits, struct_with_named_fields, without_cfg};
use crate::support::names::private;
use crate::support::options::{Given, Options};
use crate::support::serde::Serde;

const SET_OPTIONS: &[&str] = &["crate"];
const PARAMETER_OPTIONS: &[&str] = &["default", "unit", "range", "choices", "derived", "alias", "serde", "group"];

/// A struct with `#[parameters]`.
#[derive(Debug)]
pub(crate) struct ParameterSet {
    /// The user's struct, without helper attributes.
    pub(crate) item: ItemStruct,
    /// The module that generated code speaks through.
    pub(crate) private: Path,
    pub(crate) members: Vec<Member>,
}

/// One field.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) comment: String,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) kind: Kind,
}

/// A leaf or a nested set.
#[derive(Debug)]
pub(crate) enum Kind {
    Parameter(Box<Parameter>),
    Group,
}

/// What `#[param(…)]` says.
#[derive(Debug, Default)]
pub(crate) struct Parameter {
    pub(crate) default: Option<Expr>,
    pub(crate) derived: Option<Given>,
    pub(crate) unit: Option<LitStr>,
    pub(crate) range: Option<Given>,
    pub(crate) choices: Option<Given>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) serde: Option<Serde>,
    /// The option `group`.
    pub(crate) group: Option<Ident>,
    /// Whether a value was given, even one that turned out to be unusable.
    pub(crate) has_value: bool,
}

impl ParameterSet {
    /// Reads the item; `None` if it is no struct with named fields.
    pub(crate) fn parse(options: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let mut item = struct_with_named_fields(item, "parameters", errors)?;
        let mut options = Options::parse(options, SET_OPTIONS, errors);
        let private = private(options.path("crate", errors));
        let Fields::Named(fields) = &mut item.fields else { return None };
        let read = std::mem::take(&mut fields.named).into_iter();
        let mut members: Vec<Member> = Vec::new();
        for mut field in read {
            let member = Member::parse(&mut field, errors)?;
            if members.iter().any(|earlier| earlier.ident == member.ident) {
                let ident = &member.ident;
                errors.at(ident, format_args!("parameter `{ident}` is declared twice; rename one of them"));
                continue;
            }
            members.push(member);
            fields.named.push(field);
        }
        Some(Self { item, private, members })
    }

    /// Where the user derives a trait below `#[parameters]`.
    pub(crate) fn derived(&self, name: &str) -> Option<Path> {
        derived_traits(&self.item.attrs).find(|path| path.segments.last().is_some_and(|last| last.ident == name))
    }
}

impl Member {
    fn parse(field: &mut Field, errors: &mut Errors) -> Option<Self> {
        let kind = match Options::of_helper(&field.attrs, "param", PARAMETER_OPTIONS, errors) {
            Some(options) => Kind::Parameter(Box::new(Parameter::parse(options, errors))),
            // A number is no group; `check` asks for its value.
            None if literal_type(&field.ty) => Kind::Parameter(Box::default()),
            None => Kind::Group,
        };
        field.attrs.retain(|attribute| !attribute.path().is_ident("param"));
        without_cfg(field, errors);
        Some(Self {
            ident: field.ident.clone()?,
            vis: field.vis.clone(),
            ty: field.ty.clone(),
            comment: comment(&field.attrs),
            docs: docs(&field.attrs),
            kind,
        })
    }

    pub(crate) fn parameter(&self) -> Option<&Parameter> {
        match &self.kind {
            Kind::Parameter(parameter) => Some(parameter),
            Kind::Group => None,
        }
    }

    pub(crate) fn parameter_mut(&mut self) -> Option<&mut Parameter> {
        match &mut self.kind {
            Kind::Parameter(parameter) => Some(parameter),
            Kind::Group => None,
        }
    }

    /// Whether the type is `String`, for which a text literal is meant as an owned one.
    pub(crate) fn is_string(&self) -> bool {
        last_segment(&self.ty).is_some_and(|name| name == "String")
    }
}

impl Parameter {
    fn parse(mut options: Options, errors: &mut Errors) -> Self {
        let default = options.one("default", errors).map(|given| given.value);
        let derived = options.one("derived", errors);
        Self {
            has_value: default.is_some() || derived.is_some() || options.is_broken(),
            default,
            derived,
            unit: options.string("unit", errors),
            range: options.one("range", errors),
            choices: options.one("choices", errors),
            serde: Serde::read(&mut options, errors),
            group: options.one("group", errors).map(|given| given.name),
            aliases: options.all("alias").into_iter().filter_map(|given| errors.take(given.into_string())).collect(),
        }
    }
}

/// Types that are certainly no parameter set.
fn literal_type(ty: &Type) -> bool {
    const NAMES: &[&str] = &[
        "Arc", "Box", "Cow", "bool", "char", "String", "Vec", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize",
        "u8", "u16", "u32", "u64", "u128", "usize",
    ];
    match ty {
        Type::Array(_) | Type::Tuple(_) => true,
        ty => last_segment(ty).is_some_and(|name| {
            let name = name.to_string();
            let is_ndarray = name
                .strip_prefix("Array")
                .is_some_and(|rank| rank.is_empty() || rank == "D" || rank.chars().all(|digit| digit.is_ascii_digit()));
            NAMES.contains(&name.as_str()) || is_ndarray
        }),
    }
}

fn last_segment(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
