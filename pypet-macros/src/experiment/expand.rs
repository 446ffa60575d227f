//! What is written for an experiment: the user's function, then a type of the same name.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Type, parse_quote};

use super::model::Experiment;
use crate::support::comments::comment;
use crate::support::names::own;
use crate::support::spans::{at, delimited, ends};

pub(crate) fn expand(experiment: &Experiment) -> TokenStream {
    let function = &experiment.function;
    let (vis, ident) = (&function.vis, experiment.ident());
    let comment =
        format!(" The experiment [`{ident}`](fn@{ident}) as a type, for `Trajectory::<{ident}>` and the like.");
    let facts = experiment.parameters.as_ref().map(|parameters| facts(experiment, parameters));
    quote! {
        #function

        #[doc = #comment]
        #[allow(non_camel_case_types)]
        #vis enum #ident {}

        #facts
    }
}

/// The `Experiment` of the type, and its registration.
fn facts(experiment: &Experiment, parameters: &Type) -> TokenStream {
    let Experiment { private, function, .. } = experiment;
    let ident = experiment.ident();
    let (name, comment) = (experiment.name(), comment(&function.attrs));
    let result = experiment.result.as_ref().map_or_else(|| name.clone(), syn::LitStr::value);
    let results = output(experiment, &quote!(::Results));
    let shared: Type = experiment.shared.clone().unwrap_or_else(|| parse_quote!(()));
    let types = [
        associated_type("Parameters", &parameters.to_token_stream(), parameters),
        associated_type("Results", &results, &experiment.output()),
        associated_type("Shared", &shared.to_token_stream(), &shared),
    ];
    let functions = [
        exploration(experiment),
        shared_arrays(experiment),
        Some(prepare(experiment)),
        Some(run(experiment)),
        finish(experiment),
    ];
    // The compiler takes the place of the attribute for these.
    let place = quote!(#private::concat!(#private::file!(), ":", #private::line!(), ":", #private::column!()));
    let registration = experiment.is_callable.then(|| registration(experiment));
    quote! {
        const _: () = {
            #[automatically_derived]
            #[allow(unused_variables)]
            impl #private::Experiment for #ident {
                #(#types)*

                const NAME: &'static #private::str = #name;
                const COMMENT: &'static #private::str = #comment;
                const RESULT: &'static #private::str = #result;
                const PLACE: &'static #private::str = #place;
                const BUILD: #private::Build = #private::build!(#private);

                #(#functions)*
            }

            #registration
        };
    }
}

/// A type of the experiment, in the place where the function names it, private types included.
fn associated_type(name: &str, ty: &TokenStream, named: &Type) -> TokenStream {
    let (first, last) = ends(named);
    let name = Ident::new(name, first);
    let (open, close) = (at(first, quote!(type #name =)), at(last, quote!(;)));
    quote!(#open #ty #close)
}

/// An item of what the function returns; errors land on the function's own type.
fn output(experiment: &Experiment, item: &TokenStream) -> TokenStream {
    let (private, output) = (&experiment.private, experiment.output());
    // Where the function's own type cannot be used, its mistake is told already.
    if let Type::ImplTrait(_) = output {
        return quote!(<() as #private::Outcome> #item);
    }
    let (first, last) = ends(&output);
    let (open, close) = (at(first, quote!(<)), at(last, quote!(as #private::Outcome> #item)));
    quote!(#open #output #close)
}

fn exploration(experiment: &Experiment) -> Option<TokenStream> {
    let (private, explore) = (&experiment.private, experiment.explore.as_ref()?);
    let (first, last) = ends(explore);
    let with = at(first, quote!(#private::explore_with::<Self::Parameters, _>));
    let argument = delimited(Delimiter::Parenthesis, last, quote!(#explore));
    Some(quote! {
        fn exploration() -> #private::Result<#private::Exploration<Self::Parameters>, #private::BoxError> {
            #with #argument
        }
    })
}

fn shared_arrays(experiment: &Experiment) -> Option<TokenStream> {
    let (private, shared_arrays) = (&experiment.private, experiment.shared_arrays.as_ref()?);
    let presets = own("presets");
    let of = quote_spanned!(shared_arrays.span()=> #private::shared_arrays_of(#shared_arrays(#presets)));
    Some(quote! {
        fn shared_arrays(#presets: &Self::Parameters) -> #private::Vec<#private::SharedArray> {
            #of
        }
    })
}

fn prepare(experiment: &Experiment) -> TokenStream {
    let (private, presets) = (&experiment.private, own("presets"));
    let body = match (&experiment.prepare, &experiment.shared) {
        (Some(prepare), Some(_)) => {
            quote_spanned!(prepare.span()=> #private::Prepare::<Self::Parameters, Self::Shared, _>::prepare(#prepare, #presets))
        }
        (_, None) => quote!(),
        (None, Some(_)) => quote!(#private::missing()),
    };
    quote! {
        fn prepare(#presets: &Self::Parameters) -> Self::Shared {
            #body
        }
    }
}

/// Calls the function; all that names its results stands in the place of their type, so that errors land there.
fn run(experiment: &Experiment) -> TokenStream {
    let private = &experiment.private;
    let (first, last) = ends(experiment.output());
    let keyword = at(first, quote!(fn));
    let (open, close) = (at(first, quote!(#private::Result<Self::Results,)), at(last, quote!(#private::BoxError>)));
    let (parameters, shared, run) = (own("parameters"), own("shared"), own("run"));
    let call = if experiment.is_callable { call(experiment) } else { quote!(#private::missing()) };
    let body = delimited(Delimiter::Brace, last, call);
    quote! {
        #[inline]
        #keyword run(
            #parameters: &Self::Parameters,
            #shared: &Self::Shared,
            #run: &mut #private::Run,
        ) -> #open #close
        #body
    }
}

fn call(experiment: &Experiment) -> TokenStream {
    let (ident, into_results) = (experiment.ident(), output(experiment, &quote!(::into_results)));
    let (_, last) = ends(experiment.output());
    let parameters = own("parameters");
    let shared = experiment.shared.as_ref().map(|_| own("shared")).into_iter();
    // In the place of its type, so that another type than `Run` is told there.
    let run = experiment.run.iter().map(|ty| at(ends(ty).0.resolved_at(Span::mixed_site()), own("run")));
    let outcome = quote!(#ident(#parameters #(, #shared)* #(, #run)*));
    let argument = delimited(Delimiter::Parenthesis, last, outcome);
    quote!(#into_results #argument)
}

fn finish(experiment: &Experiment) -> Option<TokenStream> {
    let (private, finish) = (&experiment.private, experiment.finish.as_ref()?);
    let trajectory = own("trajectory");
    let with = quote_spanned!(finish.span()=> #private::finish_with(#finish(#trajectory)));
    Some(quote! {
        fn finish(
            #trajectory: &mut #private::Trajectory<Self>,
        ) -> #private::Result<#private::Option<#private::Exploration<Self::Parameters>>, #private::BoxError> {
            #with
        }
    })
}

fn registration(experiment: &Experiment) -> TokenStream {
    let (private, ident) = (&experiment.private, experiment.ident());
    quote! {
        #private::inventory::submit! {
            #private::Registration::of::<#ident>(#private::module_path!())
        }
    }
}
