"""Reading symbols that no library reads: cut, blotted, faded, folded, overprinted.

The order of the rooms: `tone` (pixels to darkness), `locate` (what is left of the patterns, and the
grids that explain it), `refine` (the grid fitted to all function modules), `sample` (a soft value
for each module), `bend` (paper that is not flat), `grammar` (what the text can be), `blocks`
(Reed-Solomon with erasures, pooled over views), `cascade` (the order of all that).
"""
