//! The words of `#[derive(ParamValue)]`: a choice has variants.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, LitStr, Path, Variant};

use crate::support::errors::Errors;
use crate::support::names::{plain, private};
use crate::support::options::Options;

const CHOICE_OPTIONS: &[&str] = &["crate"];
const VARIANT_OPTIONS: &[&str] = &["rename"];

/// An enum with `#[derive(ParamValue)]`.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) ident: Ident,
    /// The module that generated code speaks through.
    pub(crate) private: Path,
    pub(crate) variants: Vec<ChoiceVariant>,
}

/// One variant and the name it has in files.
#[derive(Debug)]
pub(crate) struct ChoiceVariant {
    pub(crate) ident: Ident,
    pub(crate) rename: Option<LitStr>,
}

impl Choice {
    /// Reads an enum without fields.
    pub(crate) fn parse(item: DeriveInput, errors: &mut Errors) -> Option<Self> {
        let mut options = Options::of_helper(&item.attrs, "param", CHOICE_OPTIONS, errors).unwrap_or_default();
        let private = private(options.path("crate", errors));
        let Data::Enum(data) = item.data else { return None };
        if !item.generics.params.is_empty() {
            errors.at(&item.generics, "`ParamValue` is derived for enums without generic parameters");
            return None;
        }
        if data.variants.is_empty() {
            errors.at(
                &item.ident,
                format_args!("`{}` has no variants, so no parameter could hold it; add one", item.ident),
            );
            return None;
        }
        let variants = data.variants.iter().map(|variant| ChoiceVariant::parse(variant, errors)).collect();
        Some(Self { ident: item.ident, private, variants })
    }
}

impl ChoiceVariant {
    fn parse(variant: &Variant, errors: &mut Errors) -> Self {
        let mut options = Options::of_helper(&variant.attrs, "param", VARIANT_OPTIONS, errors).unwrap_or_default();
        let rename = options.string("rename", errors);
        Self { ident: variant.ident.clone(), rename }
    }

    /// The name in files and on the command line.
    pub(crate) fn name(&self) -> String {
        self.rename.as_ref().map_or_else(|| plain(&self.ident), LitStr::value)
    }
}
