# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the network of a file of edges (node node dimension) by networkx and matplotlib.
usage: networkx_draw.py EDGES PICTURE; prints the number of nodes drawn"""
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import networkx as nx

graph = nx.Graph()
with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        a, b, dim = line.split()
        graph.add_edge(a, b, dim=dim)
places = nx.spring_layout(graph, seed=1)
plt.figure(figsize=(20, 20))
drawn = nx.draw_networkx_nodes(graph, places, node_size=20)
nx.draw_networkx_edges(graph, places)
nx.draw_networkx_edge_labels(graph, places, nx.get_edge_attributes(graph, "dim"), font_size=5)
plt.savefig(sys.argv[2])
print(len(drawn.get_offsets()))
