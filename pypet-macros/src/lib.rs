//! x
#![forbid(unsafe_code)]
mod experiment;
mod param_value;
mod parameters;
mod results;
mod support;

use proc_macro::TokenStream;

/// x
#[proc_macro_attribute]
pub fn parameters(options: TokenStream, item: TokenStream) -> TokenStream {
    parameters::expand(options.into(), item.into()).into()
}
/// x
#[proc_macro_attribute]
pub fn results(options: TokenStream, item: TokenStream) -> TokenStream {
    results::expand(options.into(), item.into()).into()
}
/// x
#[proc_macro_attribute]
pub fn experiment(options: TokenStream, item: TokenStream) -> TokenStream {
    experiment::expand(options.into(), item.into()).into()
}
/// x
#[proc_macro_derive(ParamValue, attributes(param))]
pub fn derive_param_value(item: TokenStream) -> TokenStream {
    param_value::expand(item.into()).into()
}

/// What a macro wrote, as people write it.
#[cfg(test)]
fn pretty(tokens: proc_macro2::TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("macros write items"))
}
