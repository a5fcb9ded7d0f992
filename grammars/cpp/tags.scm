; What the index reads from C++ (directives and comments are blanked before the parse).

(template_declaration) @wrap

(function_definition declarator: (function_declarator declarator: (_) @name) body: (_) @body) @definition.function
(function_definition declarator: (_ (function_declarator declarator: (_) @name)) body: (_) @body) @definition.function
(function_definition declarator: (_ (_ (function_declarator declarator: (_) @name))) body: (_) @body) @definition.function
(function_definition declarator: (operator_cast) @name body: (_) @body) @definition.function
(function_definition declarator: (qualified_identifier name: (operator_cast)) @name body: (_) @body) @definition.function
(function_definition declarator: (function_declarator declarator: (_) @name) (default_method_clause)) @definition.function
(function_definition declarator: (function_declarator declarator: (_) @name) (delete_method_clause)) @definition.function
((function_definition declarator: (function_declarator declarator: (identifier) @name) body: (_) @body)
  @definition.function @entry (#eq? @name "main"))
(class_specifier name: (_) @name body: (_) @body) @definition.class
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.union
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(enumerator name: (_) @name) @definition.enumerator
(namespace_definition name: (_) @name body: (_) @body) @definition.module
(alias_declaration name: (_) @name) @definition.typedef
(type_definition declarator: (type_identifier) @name) @definition.typedef
(type_definition declarator: (pointer_declarator declarator: (type_identifier) @name)) @definition.typedef
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator
  (pointer_declarator declarator: (type_identifier) @name)))) @definition.typedef
(concept_definition name: (_) @name) @definition.typedef
(translation_unit (declaration declarator: (init_declarator declarator: [
  (identifier) @name (array_declarator declarator: (identifier) @name)
  (pointer_declarator declarator: (identifier) @name)])) @definition.variable)
(namespace_definition body: (declaration_list (declaration declarator: (init_declarator declarator: [
  (identifier) @name (array_declarator declarator: (identifier) @name)
  (pointer_declarator declarator: (identifier) @name)])) @definition.variable))
(translation_unit (declaration declarator: (init_declarator declarator: (qualified_identifier) @name)) @definition.variable)

(field_declaration_list (field_declaration) @member)
(enumerator_list (enumerator) @member)
(base_class_clause (type_identifier) @base)
(base_class_clause (qualified_identifier) @base)
(base_class_clause (template_type name: (_) @base))

(call_expression function: (identifier) @reference.call)
(call_expression function: (qualified_identifier) @reference.call)
(call_expression function: (template_function name: (_) @reference.call))
(call_expression function: (field_expression argument: (_) @receiver field: (_) @name)) @reference.call
(new_expression type: (type_identifier) @reference.call)
(new_expression type: (qualified_identifier) @reference.call)
(argument_list (identifier) @reference.name)
(argument_list (pointer_expression argument: (identifier) @reference.name))
(argument_list (pointer_expression argument: (qualified_identifier) @reference.name))
(init_declarator value: (identifier) @reference.name)
(initializer_list (identifier) @reference.name)
(initializer_pair value: (identifier) @reference.name)
(return_statement (identifier) @reference.name)
(parameter_declaration type: (type_identifier) @reference.name)
(field_declaration type: (type_identifier) @reference.name)
(declaration type: (type_identifier) @reference.name)
(template_type name: (type_identifier) @reference.name)
(type_descriptor type: (type_identifier) @reference.name)
(struct_specifier name: (type_identifier) @reference.name !body)

(field_declaration type: (_) @type declarator: [
  (field_identifier) @name (pointer_declarator declarator: (field_identifier) @name)
  (array_declarator declarator: (field_identifier) @name)]) @field
(parameter_declaration type: (_) @type declarator: [
  (identifier) @name (pointer_declarator declarator: (identifier) @name) (reference_declarator (identifier) @name)
  (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @name))]) @local
(declaration type: (_) @type declarator: [
  (identifier) @name (pointer_declarator declarator: (identifier) @name) (reference_declarator (identifier) @name)])
  @local
(declaration type: (_) @type declarator: (init_declarator declarator: [
  (identifier) @name (pointer_declarator declarator: (identifier) @name) (reference_declarator (identifier) @name)]
  value: (_) @value)) @local
(for_range_loop type: (_) @type declarator: [(identifier) @name (reference_declarator (identifier) @name)
  (pointer_declarator declarator: (identifier) @name)] right: (_) @element) @local

(ERROR) @error
(MISSING) @error
