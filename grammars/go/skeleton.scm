; What a skeleton of Go may leave out.

(comment) @comment

(function_declaration name: (_) @name body: (_) @body) @function
(method_declaration name: (_) @name body: (_) @body) @function
(func_literal body: (_) @body) @function

(literal_value) @value
(var_spec value: (expression_list (raw_string_literal) @text))
(const_spec value: (expression_list (raw_string_literal) @text))
