//! The rules of experiments.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Pat, Safety, Type};

use super::model::{Argument, Experiment, Taken};
use crate::support::errors::Errors;

pub(crate) fn check(experiment: &mut Experiment, errors: &mut Errors) {
    let before = errors.len();
    is_an_ordinary_function(experiment, errors);
    has_no_generic_parameters(experiment, errors);
    returns_a_type_with_a_name(experiment, errors);
    takes_parameters_shared_and_run(experiment, errors);
    experiment.is_callable = errors.len() == before;
    shared_is_prepared(experiment, errors);
}

fn is_an_ordinary_function(experiment: &Experiment, errors: &mut Errors) {
    let signature = &experiment.function.sig;
    let mut refuse = |tokens: TokenStream, word: &str| {
        errors.at(tokens, format_args!("an experiment is an ordinary function; remove `{word}`"));
    };
    if let Some(asyncness) = &signature.asyncness {
        refuse(quote!(#asyncness), "async");
    }
    if let Safety::Unsafe(keyword) = &signature.safety {
        refuse(quote!(#keyword), "unsafe");
    }
    if let Some(abi) = &signature.abi {
        refuse(quote!(#abi), "extern");
    }
}

fn has_no_generic_parameters(experiment: &Experiment, errors: &mut Errors) {
    let generics = &experiment.function.sig.generics;
    if !generics.params.is_empty() {
        errors.at(generics, "an experiment has no generic parameters; write the types out");
    }
}

fn returns_a_type_with_a_name(experiment: &Experiment, errors: &mut Errors) {
    let output = experiment.output();
    if let Type::ImplTrait(_) = output {
        errors.at(output, "the results of an experiment become columns; write their type instead of `impl …`");
    }
}

/// Finds what the arguments mean: parameters, what runs share, the run, in this order.
fn takes_parameters_shared_and_run(experiment: &mut Experiment, errors: &mut Errors) {
    let mut arguments = experiment.arguments().into_iter();
    let Some(parameters) = arguments.next() else {
        let message = "an experiment takes its parameters first: `fn f(p: &Params)`";
        errors.at(experiment.ident(), message);
        return;
    };
    if parameters.names_run() {
        let message = "an experiment takes its parameters first: `fn f(p: &Params, run: &mut Run)`";
        errors.at(&parameters.written, message);
        return;
    }
    borrows_parameters(&parameters, errors);
    experiment.parameters = Some(parameters.ty);
    let rest: Vec<Argument> = arguments.collect();
    let before = errors.len();
    for argument in &rest {
        is_shared_or_run(argument, errors);
    }
    if errors.len() > before {
        return;
    }
    match rest.as_slice() {
        [] => {}
        [run] if run.is_run() => experiment.run = Some(run.ty.clone()),
        [shared] => experiment.shared = Some(shared.ty.clone()),
        [shared, run] if !shared.is_run() && run.is_run() => {
            experiment.shared = Some(shared.ty.clone());
            experiment.run = Some(run.ty.clone());
        }
        [run, shared] if run.is_run() && !shared.is_run() => {
            experiment.shared = Some(shared.ty.clone());
            errors.at(&shared.written, "the run comes last: `fn f(p: &Params, shared: &Shared, run: &mut Run)`");
        }
        [.., surplus] => {
            let message =
                "an experiment takes at most `p: &Params`, `shared: &Shared` and `run: &mut Run`, in this order";
            errors.at(&surplus.written, message);
        }
    }
}

fn borrows_parameters(parameters: &Argument, errors: &mut Errors) {
    let ty = compact(&parameters.ty);
    match parameters.taken {
        Taken::Shared => {}
        Taken::Mutable if parameters.names_run() => {
            errors.at(
                &parameters.written.ty,
                "an experiment takes its parameters first: `fn f(p: &Params, run: &mut Run)`",
            );
        }
        Taken::Mutable => {
            errors.at(&parameters.written.ty, format_args!("parameters are locked in a run; take `&{ty}`"));
        }
        Taken::ByValue => {
            errors.at(&parameters.written.ty, format_args!("an experiment borrows its parameters; take `&{ty}`"));
        }
    }
}

fn is_shared_or_run(argument: &Argument, errors: &mut Errors) {
    let ty = compact(&argument.ty);
    if argument.names_run() && argument.taken != Taken::Mutable {
        errors.at(&argument.written.ty, format_args!("a run takes results, so it is mutable; take `&mut {ty}`"));
    } else if argument.taken == Taken::ByValue {
        errors.at(&argument.written.ty, format_args!("what all runs share is borrowed; take `&{ty}`"));
    }
}

fn shared_is_prepared(experiment: &Experiment, errors: &mut Errors) {
    let name = experiment.name();
    match (&experiment.shared, &experiment.prepare) {
        (Some(shared), None) if !experiment.has_prepare => {
            let shared_by = |argument: &Argument| argument.ty == *shared && !argument.is_run();
            let Some(argument) = experiment.arguments().into_iter().skip(1).find(shared_by) else { return };
            let written = argument.text();
            let message = format_args!("`{written}` is computed once by `prepare`; add `#[experiment(prepare = …)]`");
            errors.at(&argument.written, message);
        }
        (None, Some(prepare)) if experiment.is_callable => {
            let message = format_args!(
                "`prepare` computes what all runs share, but `{name}` does not take it; add `shared: &…` behind the parameters"
            );
            errors.at(prepare, message);
        }
        _ => {}
    }
}

impl Argument {
    /// Whether the argument is the run, or meant to be.
    fn is_run(&self) -> bool {
        self.taken == Taken::Mutable || self.names_run()
    }

    fn names_run(&self) -> bool {
        matches!(&self.ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Run"))
    }

    /// The argument as the user wrote it.
    fn text(&self) -> String {
        let ty = compact(&self.written.ty);
        match &*self.written.pat {
            Pat::Ident(name) => format!("{}: {ty}", name.ident),
            _ => ty,
        }
    }
}

/// A type without the blanks that tokens have between them.
fn compact(ty: &Type) -> String {
    let spaced = ty.to_token_stream().to_string();
    let pairs = [(" :: ", "::"), ("& ", "&"), (" <", "<"), ("< ", "<"), (" >", ">"), (" ,", ","), (" ;", ";")];
    pairs.iter().fold(spaced, |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(options: TokenStream, item: TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        if let Some(mut experiment) = Experiment::parse(options, item, &mut errors) {
            check(&mut experiment, &mut errors);
        }
        errors.messages()
    }

    fn message(item: TokenStream) -> String {
        let messages = messages(TokenStream::new(), item);
        assert_eq!(messages.len(), 1, "one mistake gives one message: {messages:?}");
        messages.concat()
    }

    #[test]
    fn all_right_signatures_pass() {
        assert!(
            messages(
                quote!(),
                quote!(
                    fn f(p: &P) -> f64 {
                        1.0
                    }
                )
            )
            .is_empty()
        );
        assert!(
            messages(
                quote!(),
                quote!(
                    fn f(p: &P, run: &mut Run) {}
                )
            )
            .is_empty()
        );
        assert!(
            messages(
                quote!(prepare = g),
                quote!(
                    fn f(p: &P, s: &S) {}
                )
            )
            .is_empty()
        );
        assert!(
            messages(
                quote!(prepare = g),
                quote!(
                    fn f(p: &P, s: &S, r: &mut Run) {}
                )
            )
            .is_empty()
        );
    }

    #[test]
    fn parameters_come_first_and_are_borrowed() {
        assert_eq!(
            message(quote!(
                fn f() {}
            )),
            "an experiment takes its parameters first: `fn f(p: &Params)`"
        );
        assert_eq!(
            message(quote!(
                fn f(p: my::Params) {}
            )),
            "an experiment borrows its parameters; take `&my::Params`"
        );
        assert_eq!(
            message(quote!(
                fn f(p: &mut Params) {}
            )),
            "parameters are locked in a run; take `&Params`"
        );
        assert!(
            message(quote!(
                fn f(run: &mut Run) {}
            ))
            .starts_with("an experiment takes its parameters first")
        );
    }

    #[test]
    fn what_runs_share_is_prepared() {
        assert_eq!(
            message(quote!(
                fn f(p: &P, network: &Network) {}
            )),
            "`network: &Network` is computed once by `prepare`; add `#[experiment(prepare = …)]`"
        );
        let unused = messages(
            quote!(prepare = build),
            quote!(
                fn f(p: &P) {}
            ),
        );
        assert_eq!(
            unused,
            [
                "`prepare` computes what all runs share, but `f` does not take it; add `shared: &…` behind the parameters"
            ]
        );
    }

    #[test]
    fn the_run_comes_last() {
        let order = messages(
            quote!(prepare = build),
            quote!(
                fn f(p: &P, run: &mut Run, n: &Network) {}
            ),
        );
        assert_eq!(order, ["the run comes last: `fn f(p: &Params, shared: &Shared, run: &mut Run)`"]);
        assert_eq!(
            message(quote!(
                fn f(p: &P, run: &Run) {}
            )),
            "a run takes results, so it is mutable; take `&mut Run`"
        );
        assert!(
            message(quote!(
                fn f(p: &P, a: &mut A, b: &mut B) {}
            ))
            .starts_with("an experiment takes at most")
        );
        assert!(
            message(quote!(
                fn f(p: &P, a: &A, b: &mut B, c: &C) {}
            ))
            .starts_with("an experiment takes at most")
        );
    }

    #[test]
    fn an_experiment_is_an_ordinary_function() {
        assert_eq!(
            message(quote!(
                async fn f(p: &P) {}
            )),
            "an experiment is an ordinary function; remove `async`"
        );
        assert_eq!(
            message(quote!(
                unsafe fn f(p: &P) {}
            )),
            "an experiment is an ordinary function; remove `unsafe`"
        );
        assert_eq!(
            message(quote!(
                extern "C" fn f(p: &P) {}
            )),
            "an experiment is an ordinary function; remove `extern`"
        );
        assert_eq!(
            message(quote!(
                fn f<T>(p: &P) {}
            )),
            "an experiment has no generic parameters; write the types out"
        );
        assert!(
            message(quote!(
                fn f(p: &P) -> impl Outcome {}
            ))
            .contains("write their type")
        );
        assert!(
            message(quote!(
                fn f(&self) {}
            ))
            .starts_with("an experiment is a free function")
        );
        assert!(
            message(quote!(
                struct S;
            ))
            .starts_with("`#[experiment]` goes on a function")
        );
    }
}
