//! Expressions of derived parameters: which parameters they use, and how they become functions.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use crate::support::names::local;

/// One occurrence of `self` in an expression.
#[derive(Debug)]
pub(crate) enum SelfUse {
    /// `self.dt`, by its field.
    Field(Ident),
    /// `self` without a field.
    Alone(Ident),
}

/// All occurrences of `self`, in order.
pub(crate) fn self_uses(expression: &Expr) -> Vec<SelfUse> {
    let mut uses = Vec::new();
    walk(expression.to_token_stream(), &mut |token| {
        let Token::SelfUse(found) = token else { return TokenStream::new() };
        uses.push(found);
        TokenStream::new()
    });
    uses
}

/// The fields an expression uses, each once.
pub(crate) fn used_fields(expression: &Expr) -> Vec<Ident> {
    let mut fields: Vec<Ident> = Vec::new();
    for found in self_uses(expression) {
        if let SelfUse::Field(field) = found
            && !fields.contains(&field)
        {
            fields.push(field);
        }
    }
    fields
}

/// The expression as the body of a function that takes a reference to each field: `self.dt` becomes `(*dt)`.
pub(crate) fn as_function_body(expression: &Expr, set: &Ident) -> TokenStream {
    walk(expression.to_token_stream(), &mut |token| match token {
        Token::SelfUse(SelfUse::Field(field)) => {
            let argument = local(&field);
            quote_spanned!(field.span()=> (*#argument))
        }
        Token::SelfUse(SelfUse::Alone(alone)) => alone.into_token_stream(),
        Token::SelfType(span) => Ident::new(&set.to_string(), span).into_token_stream(),
    })
}

enum Token {
    SelfUse(SelfUse),
    SelfType(Span),
}

/// Replaces each `self.field`, `self` and `Self`; goes into groups, and so into macro calls.
fn walk(tokens: TokenStream, replace: &mut impl FnMut(Token) -> TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut walked = TokenStream::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "self" => {
                let dot = tokens.next_if(|next| matches!(next, TokenTree::Punct(punct) if punct.as_char() == '.'));
                match (dot, tokens.peek()) {
                    (Some(_), Some(TokenTree::Ident(field))) => {
                        let field = field.clone();
                        tokens.next();
                        walked.extend(replace(Token::SelfUse(SelfUse::Field(field))));
                    }
                    (dot, _) => {
                        walked.extend(replace(Token::SelfUse(SelfUse::Alone(ident))));
                        walked.extend(dot);
                    }
                }
            }
            TokenTree::Ident(ident) if ident == "Self" => walked.extend(replace(Token::SelfType(ident.span()))),
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), walk(group.stream(), replace));
                inner.set_span(group.span());
                walked.extend([TokenTree::Group(inner)]);
            }
            other => walked.extend([other]),
        }
    }
    walked
}

#[cfg(test)]
mod tests {
    use quote::format_ident;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn uses_are_found_in_groups_and_macros() {
        let expression: Expr = parse_quote!(vec![self.dt; (self.n + self.dt.floor()) as usize].len());
        assert_eq!(used_fields(&expression), ["dt", "n"]);
    }

    #[test]
    fn fields_become_arguments() {
        let expression: Expr = parse_quote!((self.duration / self.dt) as usize + Self::EXTRA);
        let body: Expr = syn::parse2(as_function_body(&expression, &format_ident!("Simulation"))).unwrap();
        let expected: Expr = parse_quote!(((*duration) / (*dt)) as usize + Simulation::EXTRA);
        assert_eq!(body, expected);
    }

    #[test]
    fn self_alone_is_told_apart() {
        let expression: Expr = parse_quote!(compute(self));
        assert!(matches!(self_uses(&expression)[..], [SelfUse::Alone(_)]));
    }
}
