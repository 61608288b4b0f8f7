// Presses the link beside it, once it is there.
export default function ({ parentElement }) {
  const press = () => {
    const link = parentElement.closest(".st-key-going")?.querySelector("a");
    if (link) link.click();
    else if (parentElement.isConnected) requestAnimationFrame(press);
  };
  if (!parentElement.dataset.pressed) press();
  parentElement.dataset.pressed = "yes";
}
