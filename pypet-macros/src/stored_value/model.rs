//! The words of types that are stored as others.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, Path};

use crate::support::errors::Errors;
use crate::support::names::private;
use crate::support::options::Options;
use crate::support::serde::Serde;

const OPTIONS: &[&str] = &["as", "serde", "crate"];

/// What the values are for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// `#[derive(ParamValue)]`: parameters and results.
    Parameter,
    /// `#[derive(ResultValue)]`: results only.
    Result,
}

impl Kind {
    fn helper(self) -> &'static str {
        match self {
            Self::Parameter => "param",
            Self::Result => "result",
        }
    }
}

/// A type and what it is stored as.
#[derive(Debug)]
pub(crate) struct StoredValue {
    pub(crate) ident: Ident,
    /// The module that generated code speaks through.
    pub(crate) private: Path,
    pub(crate) kind: Kind,
    pub(crate) stored: Stored,
}

/// What stands in the file.
#[derive(Debug)]
pub(crate) enum Stored {
    /// The only field of a tuple struct.
    Field(TokenStream),
    /// Another type, by `From` and `TryFrom`.
    As(TokenStream),
    /// What serde makes of the value.
    Serde(Serde),
}

/// Whether a type says itself how it is stored.
pub(crate) fn has_options(item: &DeriveInput) -> bool {
    let mut ignored = Errors::default();
    let options = Options::of_helper(&item.attrs, "param", OPTIONS, &mut ignored).unwrap_or_default();
    options.has("as") || options.has("serde")
}

impl StoredValue {
    /// Reads the item; `None` if nothing says how it is stored.
    pub(crate) fn parse(item: DeriveInput, kind: Kind, errors: &mut Errors) -> Option<Self> {
        let mut options = Options::of_helper(&item.attrs, kind.helper(), OPTIONS, errors).unwrap_or_default();
        let private = private(options.path("crate", errors));
        let ident = item.ident;
        if !item.generics.params.is_empty() {
            errors.at(&item.generics, "a value is derived for types without generic parameters; write the types out");
            return None;
        }
        let serde = Serde::read(&mut options, errors);
        let other = options.one("as", errors);
        let is_broken = options.is_broken() || errors.len() > 0;
        let stored = match (serde, other) {
            (Some(_), Some(_)) => {
                let message = format_args!("`{ident}` is stored by serde or as another type; keep one of the options");
                errors.at(&ident, message);
                return None;
            }
            (Some(serde), None) => Stored::Serde(serde),
            (None, Some(other)) => Stored::As(other.value.into_token_stream()),
            (None, None) => match (only_field(&item.data), &item.data) {
                _ if is_broken => return None,
                (Some(field), _) => Stored::Field(field),
                (None, Data::Enum(data))
                    if data.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit)) =>
                {
                    let message = format_args!("derive `ParamValue` for `{ident}`, which makes it a result as well");
                    errors.at(&ident, message);
                    return None;
                }
                (None, _) => {
                    let helper = kind.helper();
                    let set = if kind == Kind::Parameter { "parameters" } else { "results" };
                    let message = format_args!(
                        "say how `{ident}` is stored: `#[{helper}(serde)]` as JSON text, `#[{helper}(as = …)]` as \
                         another type; or give each field its own place in a set with `#[{set}]`"
                    );
                    errors.at(&ident, message);
                    return None;
                }
            },
        };
        Some(Self { ident, private, kind, stored })
    }
}

fn only_field(data: &Data) -> Option<TokenStream> {
    match data {
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Some(fields.unnamed[0].ty.to_token_stream()),
            _ => None,
        },
        _ => None,
    }
}

impl Stored {
    /// The stored type.
    pub(crate) fn ty(&self, private: &Path) -> TokenStream {
        match self {
            Self::Field(ty) | Self::As(ty) => ty.clone(),
            Self::Serde(serde) => serde.wrapper(private, &Ident::new("Self", Span::call_site()).into_token_stream()),
        }
    }
}
