; What the index reads from Python.

(function_definition) @function
(class_definition) @class

(module (expression_statement (assignment) @assignment))
(module (expression_statement (augmented_assignment) @assignment))
(module (if_statement (block (expression_statement (assignment) @assignment))))
(module (try_statement (block (expression_statement (assignment) @assignment))))
(module (type_alias_statement) @alias)
(module . (expression_statement (string) @doc))
(module . (comment)+ . (expression_statement (string) @doc))
(module (if_statement) @if)

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
