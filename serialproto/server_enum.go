// SPDX-License-Identifier: Apache-2.0

package serialproto

// groups has all groups, with the rig's last.
var groups = [...]struct {
	id       Group
	name     string
	handlers uint64
}{
	{GroupOS, "os mgmt", 5},
	{GroupEnum, "enum mgmt", 4},
	{GroupToken, "fob token", 8},
	{GroupRig, "fob rig", 7},
}

// enum answers the enumeration group (Zephyr, "Enumeration Management Group").
func (c *call) enum() RC {
	if c.header.Op != OpRead {
		return RCUnsupported
	}
	listed := groups[:]
	if !c.dev.HasRig() {
		listed = listed[:len(listed)-1]
	}
	switch c.header.Command {
	case CmdEnumCount:
		if !c.empty() {
			return RCInvalid
		}
		c.out.Map(1)
		c.out.key("count").Uint(uint64(len(listed)))
	case CmdEnumList:
		if !c.empty() {
			return RCInvalid
		}
		c.out.Map(1)
		c.out.key("groups").Array(len(listed))
		for _, g := range listed {
			c.out.Uint(uint64(g.id))
		}
	case CmdEnumSingle:
		return c.enumSingle(uint64(len(listed)))
	case CmdEnumDetails:
		return c.enumDetails(len(listed))
	default:
		return RCUnsupported
	}
	return RCOK
}

func (c *call) enumSingle(count uint64) RC {
	index := uint64(0)
	if len(c.in.buf) > 0 {
		pairs := c.in.Map()
		for c.in.nextKey(&pairs, "index") {
			index = c.in.Uint(1<<32 - 1)
		}
		if !c.in.Done() {
			return RCInvalid
		}
	}
	if index >= count {
		const enumIndexTooLarge = 4
		return c.refuse(GroupEnum, enumIndexTooLarge, RCInvalid)
	}
	last := index == count-1
	c.out.Map(1 + btoi(last))
	c.out.key("group").Uint(uint64(groups[index].id))
	if last {
		c.out.key("end").Bool(true)
	}
	return RCOK
}

// enumDetails answers with all groups, or, as Zephyr does, with those in the list
// "groups" if it is not empty.
func (c *call) enumDetails(count int) RC {
	var wanted [len(groups)]bool
	all := true
	if len(c.in.buf) > 0 {
		pairs := c.in.Map()
		for c.in.nextKey(&pairs, "groups") {
			items := c.in.Array()
			for c.in.Next(&items) {
				all = false
				id := Group(c.in.Uint(1<<16 - 1))
				for i, g := range groups {
					wanted[i] = wanted[i] || g.id == id
				}
			}
		}
		if !c.in.Done() {
			return RCInvalid
		}
	}
	n := 0
	for i := range count {
		wanted[i] = wanted[i] || all
		n += btoi(wanted[i])
	}
	c.out.Map(1)
	c.out.key("groups").Array(n)
	for i, g := range groups[:count] {
		if !wanted[i] {
			continue
		}
		c.out.Map(3)
		c.out.key("group").Uint(uint64(g.id))
		c.out.key("name").Text(g.name)
		c.out.key("handlers").Uint(g.handlers)
	}
	return RCOK
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
