; What a skeleton of Rust may leave out.

(line_comment) @comment
(block_comment) @comment
(attribute_item) @above

(function_item name: (_) @name body: (_) @body) @function
(let_declaration pattern: (_) @name value: (closure_expression body: (block) @body)) @function
(macro_definition (macro_rule right: (_) @value))

(static_item value: [(array_expression) (reference_expression (array_expression))] @value)
(const_item value: [(array_expression) (reference_expression (array_expression)) (struct_expression)] @value)
(source_file (expression_statement (macro_invocation (token_tree) @value)))
(source_file (macro_invocation (token_tree) @value))
(static_item value: (raw_string_literal) @text)
(const_item value: (raw_string_literal) @text)
