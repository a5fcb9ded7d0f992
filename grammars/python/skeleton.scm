; What a skeleton of Python may leave out.

(comment) @comment
(module . (expression_statement (string) @docstring))
(module . (comment)+ . (expression_statement (string) @docstring))
(class_definition body: (block . (expression_statement (string) @docstring)))
(function_definition body: (block . (expression_statement (string) @docstring)))

(function_definition name: (_) @name body: (_) @body) @function
(decorated_definition definition: (_) @within) @around

(assignment right: [(list) (dictionary) (set) (tuple) (list_comprehension) (dictionary_comprehension)] @value)
(assignment right: (parenthesized_expression) @value)
(assignment right: (call arguments: (_) @value))
(assignment right: (string) @text)
