; What the index reads from the skeleton of C: directives, comments, bodies and initialisers are blanked before the parse.

(translation_unit (declaration) @declaration)
(declaration_list (declaration) @declaration)

(struct_specifier body: (_)) @struct
(union_specifier body: (_)) @union
(enum_specifier body: (_)) @enum
(type_definition) @typedef

(ERROR) @error
(MISSING) @error
