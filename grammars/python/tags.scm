; What the index reads from Python.

(function_definition) @function
(class_definition) @class
(lambda) @lambda
[(list_comprehension) (set_comprehension) (dictionary_comprehension) (generator_expression)] @comprehension

(module (expression_statement (assignment) @assignment))
(module (expression_statement (augmented_assignment) @assignment))
(module (if_statement (block (expression_statement (assignment) @assignment))))
(module (try_statement (block (expression_statement (assignment) @assignment))))
(type_alias_statement) @alias
(module . (expression_statement (string) @doc))
(module . (comment)+ . (expression_statement (string) @doc))
(module (if_statement) @if)

; What gives a name its value.
[(assignment) (named_expression) (for_statement) (for_in_clause) (as_pattern)] @bind
(case_clause (case_pattern) @case)
[(global_statement) (nonlocal_statement)] @global
(return_statement (_)) @return
(yield (_)) @yield
[(if_statement) (elif_clause) (conditional_expression)] @test

(import_statement) @import
(import_from_statement) @import.from
(future_import_statement) @import.future

(call function: (identifier) @call)
(call function: (attribute) @call.member)

(decorator) @decorator
(argument_list (identifier) @value)
(keyword_argument value: (identifier) @value)
(assignment right: (identifier) @value)
(return_statement (identifier) @value)
(list (identifier) @value)
(tuple (identifier) @value)
(pair value: (identifier) @value)
(default_parameter value: (identifier) @value)
(type (identifier) @value)

(ERROR) @error
(MISSING) @error
