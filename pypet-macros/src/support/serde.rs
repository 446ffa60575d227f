//! Values that serde stores: the option `serde` of fields and types.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Path;

use super::errors::Errors;
use super::options::Options;

/// What a value becomes.
#[derive(Debug, Clone)]
pub(crate) struct Serde {
    option: Ident,
    format: Format,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Json,
    Cbor,
}

impl Serde {
    /// Reads `serde`, `serde = "json"` or `serde = "cbor"`.
    pub(crate) fn read(options: &mut Options, errors: &mut Errors) -> Option<Self> {
        let given = options.one("serde", errors)?;
        let option = given.name.clone();
        let format = errors.take(given.into_string())?;
        let format = match format.value().as_str() {
            "json" => Format::Json,
            "cbor" => Format::Cbor,
            _ => {
                errors.at(format, "serde stores values as `\"json\"`, which is text and the default, or as `\"cbor\"`");
                return None;
            }
        };
        Some(Self { option, format })
    }

    /// The option, where messages about it stand.
    pub(crate) fn option(&self) -> &Ident {
        &self.option
    }

    /// The type that the value is stored as.
    pub(crate) fn wrapper(&self, private: &Path, ty: &TokenStream) -> TokenStream {
        // The feature that `Cbor` needs is told under the option.
        let wrapper = Ident::new(
            match self.format {
                Format::Json => "Json",
                Format::Cbor => "Cbor",
            },
            self.option.span(),
        );
        quote_spanned!(self.option.span()=> #private::#wrapper<#ty>)
    }
}
