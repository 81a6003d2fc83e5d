"""Pictures, drawn here as SVG: shapes only, coloured by the stylesheet, each with the words that say the same."""
