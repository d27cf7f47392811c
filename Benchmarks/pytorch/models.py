"""RWKV-4, RWKV-7, a GPT, an LSTM and a plain RNN in PyTorch, for comparisons of training on a processor.

The models are those of the papers (Peng et al. 2023 and 2025; Radford et al. 2019; Hochreiter and Schmidhuber 1997). Their
recurrences are operators in C++ (wkv.cpp), everything else is PyTorch's own.
"""

import pathlib

import torch
from torch import nn
from torch.nn import functional as F

here = pathlib.Path(__file__).resolve().parent
_operators = None


def operators():
    """The recurrences, compiled on first use."""
    global _operators
    if _operators is None:
        from torch.utils.cpp_extension import load

        flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp"]
        _operators = load("rwkv_peer_wkv", [str(here / "wkv.cpp")], extra_cflags=flags, extra_ldflags=["-lmvec"])
    return _operators


class WKV4(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, u, k, v):
        w, u, k, v = (x.float().contiguous() for x in (w, u, k, v))
        ctx.save_for_backward(w, u, k, v)
        return operators().wkv4_forward(w, u, k, v)

    @staticmethod
    def backward(ctx, dy):
        return tuple(operators().wkv4_backward(*ctx.saved_tensors, dy.float().contiguous()))


class WKV7(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *inputs):
        inputs = [x.float().contiguous() for x in inputs]
        y, states = operators().wkv7_forward(*inputs)
        ctx.save_for_backward(*inputs, states)
        return y

    @staticmethod
    def backward(ctx, dy):
        return tuple(operators().wkv7_backward(*ctx.saved_tensors, dy.float().contiguous()))


def shift(x):
    return F.pad(x, (0, 0, 1, -1))


class TimeMix4(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.decay, self.first = nn.Parameter(torch.linspace(-5, 3, width)), nn.Parameter(torch.zeros(width))
        self.mix = nn.ParameterList(nn.Parameter(torch.rand(width)) for _ in range(3))
        self.receptance, self.key, self.value, self.output = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x, carried):
        past = shift(x)
        r, k, v = (past + (x - past) * mix for mix in self.mix)
        y = WKV4.apply(-torch.exp(self.decay), self.first, self.key(k), self.value(v))
        return self.output(torch.sigmoid(self.receptance(r)) * y), carried


class ChannelMix4(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix = nn.ParameterList(nn.Parameter(torch.rand(width)) for _ in range(2))
        self.key, self.value = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.receptance = nn.Linear(width, width, bias=False)

    def forward(self, x):
        past = shift(x)
        r, k = (past + (x - past) * mix for mix in self.mix)
        return torch.sigmoid(self.receptance(r)) * self.value(torch.relu(self.key(k)).square())


class TimeMix7(nn.Module):
    def __init__(self, width, ranks=(64, 64, 32, 128)):
        super().__init__()
        self.heads = width // 64
        self.mix = nn.ParameterList(nn.Parameter(torch.rand(width)) for _ in range(6))
        self.receptance, self.key, self.value, self.output = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.down = nn.ParameterList(nn.Parameter(torch.zeros(width, rank)) for rank in ranks)
        self.up = nn.ParameterList(nn.Parameter(torch.randn(rank, width) * 0.02) for rank in ranks)
        self.w0, self.a0, self.v0 = (nn.Parameter(torch.zeros(width)) for _ in range(3))
        self.k_k, self.k_a = nn.Parameter(torch.full((width,), 0.85)), nn.Parameter(torch.ones(width))
        self.r_k = nn.Parameter(torch.zeros(self.heads, 64))
        self.norm = nn.GroupNorm(self.heads, width, eps=64e-5)

    def forward(self, x, v_first):
        batch, length, width = x.shape
        difference = shift(x) - x
        xr, xw, xk, xv, xa, xg = (x + difference * mix for mix in self.mix)
        r, k, v = self.receptance(xr), self.key(xk), self.value(xv)
        w = torch.exp(-0.606531 * torch.sigmoid((self.w0 + torch.tanh(xw @ self.down[0]) @ self.up[0]).float()))
        a = torch.sigmoid(self.a0 + (xa @ self.down[1]) @ self.up[1])
        if v_first is None:
            v_first = v
        else:
            v = v + (v_first - v) * torch.sigmoid(self.v0 + (xv @ self.down[2]) @ self.up[2])
        g = torch.sigmoid(xg @ self.down[3]) @ self.up[3]
        kk = F.normalize((k * self.k_k).view(batch, length, self.heads, 64), dim=-1).view(batch, length, width)
        k = k * (1 + (a - 1) * self.k_a)
        heads = [z.view(batch, length, self.heads, 64) for z in (r, w, k, v, -kk, kk * a)]
        y = WKV7.apply(*heads).reshape(batch * length, width)
        y = self.norm(y).view(batch, length, width)
        bonus = (heads[0] * heads[2] * self.r_k).sum(-1, keepdim=True) * heads[3]
        return self.output((y + bonus.view(batch, length, width)) * g), v_first


class ChannelMix7(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix = nn.Parameter(torch.rand(width))
        self.key, self.value = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        return self.value(torch.relu(self.key(x + (shift(x) - x) * self.mix)).square())


class RWKV(nn.Module):
    def __init__(self, version, layers, width, vocabulary):
        super().__init__()
        time, channel = {4: (TimeMix4, ChannelMix4), 7: (TimeMix7, ChannelMix7)}[version]
        self.embedding, self.head = nn.Embedding(vocabulary, width), nn.Linear(width, vocabulary, bias=False)
        nn.init.uniform_(self.embedding.weight, -1e-4, 1e-4)
        self.first, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.time, self.channel = nn.ModuleList(), nn.ModuleList()
        self.norm1, self.norm2 = nn.ModuleList(), nn.ModuleList()
        for _ in range(layers):
            self.time.append(time(width)), self.channel.append(channel(width))
            self.norm1.append(nn.LayerNorm(width)), self.norm2.append(nn.LayerNorm(width))

    def forward(self, tokens):
        x, carried = self.first(self.embedding(tokens)), None
        for time, channel, norm1, norm2 in zip(self.time, self.channel, self.norm1, self.norm2):
            y, carried = time(norm1(x), carried)
            x = x + y
            x = x + channel(norm2(x))
        return self.head(self.last(x))


class GPT(nn.Module):
    """Pre-norm, learned positions, dropout where GPT-2 has it; the head shares the embedding's weights."""

    def __init__(self, layers, width, vocabulary, context, dropout=0.0, heads=None):
        super().__init__()
        self.heads, self.dropout = heads or max(1, width // 64), dropout
        self.embedding, self.position = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.layers = nn.ModuleList(
            nn.ModuleDict({
                "norm1": nn.LayerNorm(width), "qkv": nn.Linear(width, 3 * width), "out": nn.Linear(width, width),
                "norm2": nn.LayerNorm(width), "up": nn.Linear(width, 4 * width), "down": nn.Linear(4 * width, width),
            }) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                scale = (2 * layers) ** -0.5 if "out." in name or "down." in name else 1
                nn.init.normal_(p, std=0.02 * scale)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, tokens):
        batch, length = tokens.shape
        drop = lambda x: F.dropout(x, self.dropout, self.training)
        x = drop(self.embedding(tokens) + self.position.weight[:length])
        for layer in self.layers:
            q, k, v = layer["qkv"](layer["norm1"](x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=self.dropout * self.training)
            x = x + drop(layer["out"](y.transpose(1, 2).reshape(batch, length, -1)))
            x = x + drop(layer["down"](F.gelu(layer["up"](layer["norm2"](x)))))
        return F.linear(self.norm(x), self.embedding.weight)


class LSTM(nn.Module):
    """Dropout between layers; the head shares the embedding's weights."""

    cell = nn.LSTM

    def __init__(self, layers, width, vocabulary, dropout=0.0):
        super().__init__()
        self.dropout = dropout
        self.embedding = nn.Embedding(vocabulary, width)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.rnn = self.cell(width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, tokens):
        x = F.dropout(self.embedding(tokens), self.dropout, self.training)
        x = F.dropout(self.rnn(x)[0], self.dropout, self.training)
        return F.linear(x, self.embedding.weight, self.bias)


class RNN(LSTM):
    """The same with Elman's layers."""

    cell = nn.RNN
