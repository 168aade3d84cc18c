/* src/panels/panel_devices.cpp -- devices on the board, cards first, and the
 * PCI functions with their configuration header. */
#include "panels/widgets.hpp"

namespace hb
{

namespace
{

class Devices : public Panel
{
  public:
    void draw(View &view) override
    {
        struct inspect_device d;

        for (int card = 1; card >= 0; card--)
            for (unsigned i = 0; inspect_device_at(view.m, i, &d); i++)
                if (d.card == (card != 0))
                    device(view, d);
    }

  private:
    void device(View &view, const struct inspect_device &d)
    {
        title("%s  %s", d.name, d.title);
        if (d.pci)
            field("PCI", "0:%u.%u  vendor %04x device %04x", d.slot, d.function,
                  word(view, d, 0), word(view, d, 2));
        if (d.pci)
            field("command", "%04x%s%s%s  status %04x", word(view, d, 4),
                  word(view, d, 4) & 1 ? " io" : "",
                  word(view, d, 4) & 2 ? " memory" : "",
                  word(view, d, 4) & 4 ? " master" : "", word(view, d, 6));
        if (d.has_irq)
            field("interrupt", "IRQ %u", d.irq);
        if (d.has_dma)
            field("DMA channel", "%u", d.dma);
        for (unsigned w = 0; w < DEVICE_WINDOWS; w++)
            if (d.window[w].port || d.window[w].memory)
                field("window", "%u: %s %08x-%08x", w,
                      d.window[w].port ? "ports" : "memory", d.window[w].base,
                      d.window[w].base + d.window[w].bytes - 1);
    }

    static unsigned word(View &view, const struct inspect_device &d,
                         unsigned offset)
    {
        uint32_t dword =
            inspect_config(view.m, 0, d.slot, d.function, offset & ~3u);

        return dword >> (offset & 2) * 8 & 0xffff;
    }
};

} // namespace

std::unique_ptr<Panel> make_devices()
{
    return std::make_unique<Devices>();
}

} // namespace hb
