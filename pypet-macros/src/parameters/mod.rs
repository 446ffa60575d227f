//! `#[parameters]`: a struct becomes a parameter set.

mod check;
mod derived;
mod expand;
mod literal;
mod model;

use proc_macro2::TokenStream;

use crate::support::errors::Errors;
use crate::support::items::item_and_errors;

/// Runs the three steps; what is wrong is left out of what is written, so one mistake gives one message.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(mut set) = model::ParameterSet::parse(options, item.clone(), &mut errors) else {
        return item_and_errors(item, errors);
    };
    check::check(&mut set, &mut errors);
    let mut tokens = expand::expand(&set);
    tokens.extend(errors.into_compile_errors());
    tokens
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn a_parameter_set_expands_to_facts() {
        let item = quote! {
            /// How the integration is carried out.
            #[derive(Debug)]
            pub struct Simulation {
                /// Duration of
                /// one run.
                #[param(default = 1000.0, unit = "ms", range = 0.0..)]
                pub duration: f64,
                #[param(default = "euler", choices = ["euler", "rk4"], alias = "integrator")]
                method: String,
                pub neuron: Neuron,
                /// Number of steps.
                #[param(derived = (self.duration / self.neuron.dt) as usize)]
                pub steps: usize,
            }
        };
        insta::assert_snapshot!(crate::pretty(expand(quote!(), item)));
    }
}
