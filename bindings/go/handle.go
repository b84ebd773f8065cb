// SPDX-License-Identifier: Apache-2.0

package seqdemand

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// handle owns one handle of the library. It counts the calls under way, so that Close may come from any goroutine at
// any time: the last call to end releases. What is not closed is released by the garbage collector.
type handle struct {
	p       unsafe.Pointer
	release func(unsafe.Pointer)
	library *Library     // where lines of the log go
	state   atomic.Int64 // calls under way, and the bit below
}

const closed = int64(1) << 62

func (h *handle) own(p unsafe.Pointer, library *Library, release func(unsafe.Pointer)) *handle {
	h.p, h.library, h.release = p, library, release
	runtime.SetFinalizer(h, (*handle).shut)
	return h
}

// enter gives the handle until leave, or nil when it is closed.
func (h *handle) enter() unsafe.Pointer {
	if h == nil {
		return nil
	}
	for {
		now := h.state.Load()
		if now&closed != 0 {
			return nil
		}
		if h.state.CompareAndSwap(now, now+1) {
			return h.p
		}
	}
}

func (h *handle) leave() {
	if h != nil && h.state.Add(-1) == closed {
		h.release(h.p)
	}
}

// shut is Close, of which only the first has an effect.
func (h *handle) shut() {
	runtime.SetFinalizer(h, nil)
	for {
		now := h.state.Load()
		if now&closed != 0 {
			return
		}
		if h.state.CompareAndSwap(now, now|closed) {
			if now == 0 {
				h.release(h.p)
			}
			return
		}
	}
}

// Close releases what the value holds, once calls under way have ended. It always succeeds, and may be called again.
func (h *handle) Close() error {
	if h != nil {
		h.shut()
	}
	return nil
}

// use runs f with the handle, or answers ErrClosed.
func (h *handle) use(f func(p unsafe.Pointer) error) error {
	p := h.enter()
	if p == nil {
		return ErrClosed
	}
	defer h.leave()
	return f(p)
}

// ask is use for what cannot fail: the zero value when closed.
func ask[T any](h *handle, f func(p unsafe.Pointer) T) T {
	var none T
	p := h.enter()
	if p == nil {
		return none
	}
	defer h.leave()
	return f(p)
}

// numbered keeps Go values under numbers that C may hold.
type numbered[T any] struct {
	mutex  sync.RWMutex
	last   uintptr
	values map[uintptr]T
}

func (n *numbered[T]) add(value T) uintptr {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.values == nil {
		n.values = map[uintptr]T{}
	}
	n.last++
	n.values[n.last] = value
	return n.last
}

func (n *numbered[T]) get(id uintptr) T {
	n.mutex.RLock()
	defer n.mutex.RUnlock()
	return n.values[id]
}

func (n *numbered[T]) drop(id uintptr) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	delete(n.values, id)
}
