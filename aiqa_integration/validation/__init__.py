"""How well an analysis does on a site's own labelled series: labels in, statistics and a report out."""
