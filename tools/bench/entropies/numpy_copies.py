# SPDX-License-Identifier: GPL-3.0-or-later
"""Entropies of a ConvAC with windows of two, as one would write them in numpy. `weights[l]` is an
array (positions, out, in), with one position where they are shared; the last is the row of the one
label."""
import numpy as np


def scaled(x, axes=None):
    """x with its largest magnitude 1, and the sum of the logarithms of what was divided out."""
    size = np.abs(x).max(axis=axes, keepdims=True)
    return x / size, float(np.log(size).sum())


def gram_left_right(weights):
    """S across the middle: Gram matrices of all subtrees of a level at once, then the eigenvalues
    of R^T (H_B o a a^T) R with H_A = R R^T."""
    gram = np.matmul(weights[0], weights[0].transpose(0, 2, 1))
    for w in weights[1:-1]:
        gram, _ = scaled(gram[0::2] * gram[1::2], (1, 2))
        gram = np.matmul(np.matmul(w, gram), w.transpose(0, 2, 1))
    half_a, half_b = gram
    row = weights[-1][0]
    value, vector = np.linalg.eigh(half_a)
    root = vector * np.sqrt(np.maximum(value, 0))
    p = np.maximum(np.linalg.eigvalsh(root.T @ (half_b * np.outer(row, row)) @ root), 0)
    p = p[p > 0] / p.sum()
    return float(-(p * np.log(p)).sum())


def spectrum_by_qr(weights, windows):
    """S across the middle: the two factors with a row for every input of their half, M = X Z^T with
    the label's row in Z; R of both, then the singular values of R_X R_Z^T."""
    factors = list(weights[0].transpose(0, 2, 1))
    for window, w in zip(windows, weights[1:]):
        below, factors = factors, []
        for first in range(0, len(below) if len(below) > 2 else 0, window):
            rows = below[first]
            for other in below[first + 1 : first + window]:
                rows = (rows[:, None, :] * other[None, :, :]).reshape(-1, rows.shape[1])
            factors.append(rows @ w[first // window].T)
        factors = factors or below
    x, z = factors[0], factors[1] * weights[-1][0]
    s = np.linalg.svd(np.linalg.qr(x, "r") @ np.linalg.qr(z, "r").T, compute_uv=False)
    p = s * s / (s * s).sum()
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


class FourCopies:
    """S_2 across any partition: tr rho^2 from messages m[a,b,c,d] over four copies, |psi|^2 from
    messages over two. A subtree on one side keeps its Gram matrix H alone: H[a,d] H[b,c] on side A,
    H[a,b] H[c,d] on side B. Each message is done while its children are warm."""

    def __init__(self, weights, side_a):
        self.weights, self.side_a = weights, side_a

    @staticmethod
    def expand(gram, side_a):
        return np.einsum("ad,bc->abcd" if side_a else "ab,cd->abcd", gram, gram)

    @staticmethod
    def apply(w, message, copies):
        """W on every copy: the last index goes through W and comes out first, `copies` times."""
        r = w.shape[1]
        for _ in range(copies):
            message = w @ message.reshape(-1, r).T
        return message.reshape((w.shape[0],) * copies)

    def pool(self, level, position):
        """(Gram, its log, message or None, its log, side) of the window below (level, position)."""
        if level == 0:
            m = self.weights[0].shape[2]
            return np.eye(m), 0.0, None, 0.0, self.side_a[position]
        (g, g_log, m, m_log, s), (h, h_log, n, n_log, t) = (
            self.subtree(level - 1, 2 * position), self.subtree(level - 1, 2 * position + 1))
        gram, log = scaled(g * h)
        if m is None and n is None and s == t:
            return gram, g_log + h_log + log, None, 0.0, s
        m, m_log = (self.expand(g, s), 2 * g_log) if m is None else (m, m_log)
        n, n_log = (self.expand(h, t), 2 * h_log) if n is None else (n, n_log)
        both, both_log = scaled(m * n)
        return gram, g_log + h_log + log, both, m_log + n_log + both_log, None

    def subtree(self, level, position):
        gram, log, both, both_log, side = self.pool(level, position)
        w = self.weights[level][position if len(self.weights[level]) > 1 else 0]
        if both is not None:
            both = self.apply(w, both, 4)
        return self.apply(w, gram, 2), log, both, both_log, side

    def renyi2(self):
        top = len(self.weights) - 1
        gram, log, both, both_log, _ = self.pool(top, 0)
        row = self.weights[top]
        two = np.log(self.apply(row, gram, 2).item()) + log
        return 2 * two - (np.log(self.apply(row, both, 4).item()) + both_log)
