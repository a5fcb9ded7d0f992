; What the source view colours in TSX beside what it shares with TypeScript.

(jsx_opening_element name: (_) @keyword)
(jsx_closing_element name: (_) @keyword)
(jsx_self_closing_element name: (_) @keyword)
(jsx_attribute (property_identifier) @property)
